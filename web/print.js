// SPDX-License-Identifier: GPL-2.0-or-later
// The handout: a page with the map alone, and a page a cell.  It stands in the page, unseen, and
// only print shows it.

import {make, outcomeBadge} from "./dom.js";
import {makeGrid} from "./grid.js";
import {drawMap} from "./map.js";
import {endsWord, lostSentence} from "./stepwords.js";
import {isLost, questionsOf} from "./playback.js";
import {callName, countWord, mediumWord, outcomeOf, outcomeSentence} from "./words.js";
import {protocolWord, timeWord} from "./words.js";

const STEPS_MAX = 16; // what fits beside the map of a page

function pageOf(title, ...content) {
	return make("section", {class: "page"}, make("h2", {}, title), content);
}

export function mapPage(index, scenario, secret) {
	return pageOf(
		`${index.topology.title ?? index.topology.name}: ` +
			`${scenario.name}${scenario.title ? `, ${scenario.title}` : ""}`,
		scenario.map
			? drawMap(scenario.map, undefined, secret).svg
			: make("p", {}, "There is no map in this report."),
	);
}

export function gridPage(index, scenario, secret) {
	return make(
		"section",
		{class: "page"},
		makeGrid(scenario, index.topology.endpoints, {open: () => {}, secret}),
	);
}

// The step that shows most: of a call that works the way of its media; else where the cause is
// seen, where a packet is lost, or the last step.
function tellingStep(cell) {
	const call = (cell.steps ?? []).filter(step => step.phase !== "sign-in");
	const seen = call.filter(step => (step.hops ?? []).length > 1);
	const code = cell.explanation?.cause?.code;
	const way = seen.findLast(step => step.protocol === "rtp" && !isLost(step));
	const death =
		(cell.steps ?? []).find(step => code && step.lost?.code === code) ?? seen.find(isLost);
	const [first, second] = cell.verdict === "pass" ? [way, death] : [death, way];
	return first ?? second ?? seen[seen.length - 1] ?? null;
}

// Steps of the call, those alike and neighbouring told once.  Of a call that fails the lost ones
// are always among them, of one that works those that arrived.
function stepLines(cell, secret) {
	const lines = [];
	for (const step of (cell.steps ?? []).filter(one => one.phase !== "sign-in")) {
		const last = lines[lines.length - 1];
		if (
			last &&
			last.title === step.title &&
			last.ends === endsWord(step) &&
			Boolean(last.lost) === isLost(step)
		) {
			last.count += step.count ?? 1;
		} else {
			lines.push({
				title: step.title,
				ends: endsWord(step),
				time: timeWord(step.t_us),
				protocol: protocolWord(step.protocol),
				lost: step.lost ?? null,
				count: step.count ?? 1,
			});
		}
	}
	const matters = line => Boolean(line.lost) !== (cell.verdict === "pass");
	const spare = Math.max(0, STEPS_MAX - lines.filter(matters).length);
	let kept = 0;
	const shown = lines.filter(line => matters(line) || kept++ < spare).slice(0, STEPS_MAX);
	return [
		make(
			"ol",
			{class: "told"},
			shown.map(line =>
				make(
					"li",
					{class: line.lost ? "dead" : null},
					make("span", {class: "time"}, line.time),
					` ${line.ends}: ${line.title}${line.count > 1 ? ` ×${line.count}` : ""}`,
					line.lost
						? make(
								"strong",
								{},
								` ✗ ${secret ? line.lost.node : lostSentence(line.lost)}`,
							)
						: null,
				),
			),
		),
		shown.length < lines.length
			? make(
					"p",
					{class: "quiet"},
					`and ${countWord(lines.length - shown.length, "more line")} in the report`,
				)
			: null,
	];
}

function whyLines(cell) {
	const {explanation} = cell;
	if (!explanation?.cause) {
		return [make("p", {}, outcomeSentence(cell))];
	}
	const item = (name, ...content) => [make("dt", {}, name), make("dd", {}, content)];
	return [
		make(
			"dl",
			{},
			item("what", explanation.what),
			item(
				"where",
				[explanation.cause.node, explanation.cause.object].filter(Boolean).join(", "),
			),
			item("why", explanation.why),
			item("cause", make("code", {}, explanation.cause.code)),
			item(
				"proof",
				make(
					"ul",
					{},
					(explanation.proof ?? []).slice(0, 6).map(line => make("li", {}, line)),
				),
			),
			explanation.fix
				? item(
						"fix",
						(explanation.fix.commands ?? [])
							.slice(0, 5)
							.map(command => make("pre", {}, command.text)),
					)
				: null,
			explanation.trial?.made
				? item("with the fix", outcomeOf(explanation.trial).word)
				: null,
		),
	];
}

// `fix`: it is the call as it went with a fix, on a copy.
export function cellPage(scenario, entry, cell, secret, fix = false) {
	const outcome = outcomeOf(cell);
	const step = tellingStep(cell);
	const medium = entry?.media ?? cell.id.split("/").pop();
	let map = null;
	if (scenario.map) {
		const drawing = drawMap(scenario.map, undefined, secret);
		if (step) {
			drawing.ways.show(
				step,
				Math.max(0, (step.hops ?? []).length - 1),
				0,
				questionsOf(cell.steps, step),
			);
		}
		map = drawing.svg;
	}
	return pageOf(
		`${callName(entry ?? cell)}, ${mediumWord(medium)}, in ${scenario.name}` +
			(fix ? ", with the fix" : ""),
		make(
			"p",
			{class: "what"},
			outcomeBadge(outcome),
			` ${outcomeSentence(cell)}`,
		),
		make(
			"div",
			{class: "columns"},
			make(
				"div",
				{},
				map,
				step
					? make("p", {class: "quiet"}, `On the map: ${endsWord(step)}, ${step.title}`)
					: null,
				secret ? make("div", {class: "answer"}, "Why?") : whyLines(cell),
			),
			make("div", {}, make("h3", {}, "What was seen"), stepLines(cell, secret)),
		),
	);
}
