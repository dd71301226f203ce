// SPDX-License-Identifier: GPL-2.0-or-later
// The two views without a call: the grid of a scenario (or of two, side by side), and its map with
// the nodes' state.

import {chooser, make, replaceContent} from "./dom.js";
import {mapKeys} from "./call.js";
import {gridDifferences, gridSummary, makeGrid} from "./grid.js";
import {makeMap} from "./map.js";
import {nodeContent} from "./node.js";
import {callName, countWord, mediumWord} from "./words.js";

function scenarioChooser(app, scenario) {
	return chooser(
		"Scenario",
		app.scenarios.map(one => [one.name, one.title ? `${one.name}: ${one.title}` : one.name]),
		scenario.name,
		name => app.go({scenario: name}),
	);
}

function changeList(scenario) {
	return make(
		"section",
		{class: "part"},
		make("h3", {}, "What this scenario changes"),
		(scenario.changes ?? []).length === 0
			? make("p", {class: "quiet"}, "Nothing: it is the network as its file describes it.")
			: make(
					"ul",
					{class: "lines"},
					scenario.changes.map(change =>
						make("li", {}, make("code", {}, change.text ?? String(change))),
					),
				),
	);
}

// Failing calls by their cause, each with a way to open the first.
function failureList(app, scenario) {
	const failed = scenario.cells.filter(cell => cell.verdict !== "pass");
	if (failed.length === 0) {
		return make(
			"section",
			{class: "part"},
			make("h3", {}, "What fails"),
			make("p", {class: "quiet"}, "Nothing. Every call of this scenario works."),
		);
	}
	const causes = [...new Set(failed.map(cell => (app.isQuiz ? "" : (cell.cause ?? ""))))];
	return make(
		"section",
		{class: "part"},
		make("h3", {}, "What fails"),
		causes.map(cause => {
			const cells = failed.filter(cell => app.isQuiz || (cell.cause ?? "") === cause);
			const first = cells.find(cell => cell.media === "audio") ?? cells[0];
			return make(
				"div",
				{class: "failure"},
				make(
					"p",
					{},
					make("strong", {}, countWord(cells.length, "call")),
					cause ? [": ", make("code", {class: "cause"}, cause)] : null,
				),
				make(
					"button",
					{
						type: "button",
						class: "start",
						on: {click: () => app.go({view: "call", cell: first.id})},
					},
					`See ${callName(first)}, ${mediumWord(first.media)}`,
				),
			);
		}),
	);
}

export function resultsView(app, scenario, other) {
	const options = {open: id => app.go({view: "call", cell: id}), secret: app.isQuiz};
	const grid = makeGrid(scenario, app.index.topology.endpoints, {...options, other});
	const compare = chooser(
		"Compare with",
		[
			["", "nothing"],
			...app.index.scenarios.filter(one => one !== scenario).map(one => [one.name, one.name]),
		],
		other?.name ?? "",
		name => app.go({with: name || null}),
	);
	const head = make(
		"div",
		{class: "results-head"},
		scenarioChooser(app, scenario),
		app.index.scenarios.length > 1 ? compare : null,
		make(
			"p",
			{class: "summary"},
			gridSummary(scenario),
			other
				? `. ${countWord(gridDifferences(scenario, other).length, "cell")} marked ≠ ` +
						`come out otherwise in ${other.name}.`
				: "",
		),
	);
	const preview = scenario.map && !other ? overviewMap(app, scenario) : null;
	const side = other
		? make(
				"div",
				{class: "pair"},
				grid,
				makeGrid(other, app.index.topology.endpoints, {...options, other: scenario}),
			)
		: make(
				"div",
				{class: "overview"},
				grid,
				make(
					"aside",
					{"aria-label": "About this scenario"},
					preview ? make("div", {class: "preview"}, preview.element) : null,
					failureList(app, scenario),
					changeList(scenario),
				),
			);
	const changes = other
		? make("div", {class: "pair"}, changeList(scenario), changeList(other))
		: null;
	return {
		element: make("div", {class: "results"}, head, side, changes),
		key: () => false,
		leave: () => preview?.close(),
	};
}

function overviewMap(app, scenario) {
	return makeMap(scenario.map, {
		choose: name => app.go({view: "map", node: name}),
		secret: app.isQuiz,
	});
}

export function mapView(app, scenario, chosen) {
	const panel = make(
		"section",
		{class: "right", "aria-label": "Node", tabindex: "0"},
		make(
			"p",
			{class: "quiet"},
			"Choose a node on the map: its routes, rules, NAT, listeners, sessions and counters.",
		),
	);
	const choose = async name => {
		const node = scenario.map.nodes.find(one => one.name === name);
		if (!node) {
			return;
		}
		map.mark({chosen: [name]});
		element.classList.add("with-node");
		const states = await app.source.nodes(scenario.name);
		replaceContent(
			panel,
			make("button", {type: "button", class: "close", on: {click: close}}, "Close"),
			nodeContent(node, states?.[name] ?? null),
		);
		panel.focus();
	};
	const close = () => {
		element.classList.remove("with-node");
		map.mark({});
	};
	const map = scenario.map ? makeMap(scenario.map, {choose, secret: app.isQuiz}) : null;
	const element = make(
		"div",
		{class: "map-view"},
		make(
			"div",
			{class: "results-head"},
			scenarioChooser(app, scenario),
			make(
				"p",
				{class: "quiet"},
				"+ added, ± changed, − taken away by the scenario; ✗ a route that another " +
					"scenario has",
			),
		),
		make(
			"div",
			{class: "map-stage"},
			map?.element ?? make("p", {}, "There is no map in this report."),
			panel,
		),
	);
	if (chosen && map) {
		choose(chosen);
	}
	return {
		element,
		key(key) {
			const act = mapKeys(map)[key] ?? (key === "Escape" && map ? close : null);
			act?.();
			return Boolean(act);
		},
		leave: () => map?.close(),
	};
}
