// SPDX-License-Identifier: GPL-2.0-or-later
// What is done to a lab that is up: place a call, choose a scenario, switch changes on and off,
// type one, start again. The lab says what it refuses, and the words stand beside what was asked.

import {chooser, make, makeTable, replaceContent, sayAloud} from "./dom.js";
import {changeWords, stateDifferences} from "./feed.js";
import {countWord, mediumWord} from "./words.js";

// Asks the lab; its refusal stands in `place` until the next order.
export async function order(app, asked, place) {
	replaceContent(place);
	const error = await app.source.ask(asked);
	replaceContent(place, error ? `✗ ${error}` : null);
	if (error) {
		sayAloud(error);
	}
	return error;
}

// --- the bar above the map -----------------------------------------------------------------------

export class CallBar {
	constructor(app) {
		this.app = app;
		const {endpoints} = app.index.topology;
		const ends = endpoints.map(end => [end.name, end.name]);
		const from = endpoints.find(end => end.name === "branch1") ?? endpoints[0];
		const to =
			endpoints.find(end => end.name === "home1" && end !== from) ??
			endpoints.find(end => end !== from);
		this.choice = {from: from?.name ?? "", to: to?.name ?? "", media: "audio", seconds: "3"};
		this.refusal = make("p", {class: "refused", role: "alert"});
		this.button = make(
			"button",
			{
				type: "button",
				class: "go place-call",
				on: {click: () => this.place()},
			},
			"▶ Call",
		);
		this.reset = make(
			"button",
			{
				type: "button",
				class: "reset",
				title: "Back to what the scenario says",
				on: {click: () => order(app, {do: "reset"}, this.refusal)},
			},
			"Reset",
		);
		this.scenarios = make("span", {class: "scenarios"});
		this.link = make("p", {class: "link", role: "status"});
		const choose = (name, words, options) =>
			chooser(words, options, this.choice[name], value => {
				this.choice[name] = value;
			});
		this.element = make(
			"section",
			{class: "call-bar", "aria-label": "Place a call"},
			app.index.read_only
				? make("span", {class: "badge"}, "you watch")
				: [
						choose("from", "From", ends),
						choose("to", "to", ends),
						choose(
							"media",
							"by",
							["im", "audio", "video"].map(one => [one, mediumWord(one)]),
						),
						choose("seconds", "for", [
							["1", "1 s"],
							["3", "3 s"],
							["10", "10 s"],
							["30", "30 s"],
							["60", "60 s"],
						]),
						this.button,
					],
			this.scenarios,
			app.index.read_only ? null : this.reset,
			this.link,
			this.refusal,
		);
		this.update();
	}

	// The same button places a call, and hangs up the one that is on.
	place() {
		if (!this.button.disabled) {
			const asked = this.app.source.feed.isCalling
				? {do: "hang-up"}
				: {do: "call", ...this.choice, seconds: Number(this.choice.seconds)};
			order(this.app, asked, this.refusal);
		}
	}

	update() {
		const {app} = this;
		const {feed, link} = app.source;
		const isFree = link === "open" && !feed.busy && !feed.down;
		const isCalling = feed.isCalling && !feed.down;
		const words = isCalling ? "■ Hang up" : "▶ Call";
		this.button.disabled = !(isFree || (isCalling && link === "open"));
		this.button.title = isCalling ? "Hang up (k)" : "Place the call (k)";
		if (this.button.textContent !== words) {
			this.button.textContent = words;
		}
		this.reset.disabled = !isFree;
		this.drawScenarios(isFree);
		const state = feed.down
			? ["down", `■ ${feed.down}`]
			: link === "lost"
				? ["lost", "✗ connection lost; trying again…"]
				: link === "waiting"
					? ["busy", "… connecting"]
					: feed.busy
						? ["busy", `● ${feed.busy}`]
						: ["free", "✓ connected"];
		this.link.setAttribute("class", `link ${state[0]}`);
		if (this.link.textContent !== state[1]) {
			this.link.textContent = state[1];
		}
	}

	drawScenarios(isFree) {
		const {app} = this;
		const {feed} = app.source;
		const all = app.index.all_scenarios ?? [];
		const key = JSON.stringify([feed.as, feed.scenario?.name, isFree, all.length]);
		if (key === this.scenariosKey || all.length === 0) {
			return;
		}
		this.scenariosKey = key;
		const options = [
			...(feed.as ? [] : [["", `${feed.scenario?.name ?? "?"}, changed by hand`]]),
			...all.map(one => [one.name, one.title ? `${one.name}: ${one.title}` : one.name]),
		];
		const hadFocus = this.scenarios.contains(document.activeElement);
		replaceContent(
			this.scenarios,
			chooser("Scenario", options, feed.as ?? "", name => this.bring(name)),
		);
		const select = this.scenarios.querySelector("select");
		select.disabled = !isFree || Boolean(app.index.read_only);
		if (hadFocus) {
			select.focus();
		}
	}

	// The chooser shows what is, not what was asked.
	async bring(name) {
		if (name && (await order(this.app, {do: "scenario", name}, this.refusal))) {
			this.scenariosKey = null;
			this.update();
		}
	}
}

// --- changes -------------------------------------------------------------------------------------

// What a fix or a switch does: its only change in the words of `set`, else its name.
export function switchWords({text, changes}) {
	const count = changes?.length ?? 0;
	return count === 1 ? changes[0] : count > 1 ? `${text} (${countWord(count, "change")})` : text;
}

function changeSwitch(panel, one, isOn, isLocked) {
	const {app} = panel;
	const flip = async () => {
		if (!isOn) {
			await order(app, {do: "set", changes: one.changes}, panel.refusal);
			return;
		}
		for (const change of [...one.changes].reverse()) {
			if (await order(app, {do: "unset", change}, panel.refusal)) {
				return;
			}
		}
	};
	const name = switchWords(one);
	return make(
		"li",
		{class: isOn ? "on" : "off"},
		make(
			"button",
			{
				type: "button",
				role: "switch",
				"aria-checked": String(isOn),
				"aria-label": name,
				disabled: isLocked,
				"data-change": one.changes.join("\n"),
				on: {click: flip},
			},
			isOn ? "on" : "off",
		),
		make(
			"span",
			{class: "switch-words"},
			make("code", {}, name),
			one.source ? make("span", {class: "quiet"}, ` ${one.source}`) : null,
		),
	);
}

export class ChangesPanel {
	constructor(app) {
		this.app = app;
		this.refusal = make("p", {class: "refused", role: "alert"});
		this.list = make("div", {});
		this.news = make("div", {});
		this.clients = make("div", {});
		this.element = make(
			"div",
			{class: "changes-panel"},
			this.list,
			app.index.read_only ? null : this.form(),
			this.refusal,
			this.news,
			this.clients,
		);
		this.update();
	}

	form() {
		const known = [
			...new Set([
				...(this.app.index.all_scenarios ?? []).flatMap(one =>
					(one.changes ?? []).map(change => changeWords(change.text ?? change)),
				),
			]),
		];
		this.input = make("input", {
			type: "text",
			id: "set-words",
			list: "known-changes",
			spellcheck: "false",
			autocomplete: "off",
			placeholder: "add-route: {node: edge, to: 10.20.0.0/24, via: 172.25.33.1}",
		});
		this.button = make("button", {type: "submit", class: "go"}, "Make it");
		return make(
			"form",
			{
				class: "set",
				on: {
					submit: event => {
						event.preventDefault();
						this.set();
					},
				},
			},
			make(
				"label",
				{for: "set-words"},
				"Another change, in the words of ",
				make("code", {}, "testbed set"),
			),
			make("div", {class: "set-line"}, this.input, this.button),
			make(
				"datalist",
				{id: "known-changes"},
				known.map(value => make("option", {value})),
			),
		);
	}

	async set() {
		const text = changeWords(this.input.value);
		if (text && !(await order(this.app, {do: "set", changes: [text]}, this.refusal))) {
			this.input.value = "";
		}
	}

	// Those of the lab's scenario, of the scenario that was chosen last, those that were made by
	// hand, and those that would mend a call.
	switches() {
		const {feed} = this.app.source;
		const listed = (changes, source) =>
			(changes ?? []).map(change => ({text: change, changes: [change], source}));
		const own = (feed.scenario?.changes ?? []).map(change => change.text);
		const all = [
			...listed(own, "of the lab's scenario"),
			...listed(feed.changesOf(feed.lastAs), `of ${feed.lastAs}`),
			...feed.switches,
		];
		const keyOf = one => one.changes.map(changeWords).join("\n");
		return all.filter((one, i) => all.findIndex(other => keyOf(other) === keyOf(one)) === i);
	}

	isLocked(one, isOn) {
		const {feed, link} = this.app.source;
		const made = feed.changes.filter(change =>
			one.changes.some(text => changeWords(text) === changeWords(change.text)),
		);
		return (
			this.app.index.read_only ||
			link !== "open" ||
			Boolean(feed.busy) ||
			(isOn && made.length > 0 && made.some(change => change.undo === null))
		);
	}

	update() {
		const {feed} = this.app.source;
		const focused = this.list.contains(document.activeElement)
			? document.activeElement.dataset.change
			: null;
		const all = this.switches();
		replaceContent(
			this.list,
			make(
				"section",
				{class: "part"},
				make("h3", {}, "Changes"),
				all.length === 0
					? make(
							"p",
							{class: "quiet"},
							"Nothing is changed: it is the network as its file describes it.",
						)
					: make(
							"ul",
							{class: "switches"},
							all.map(one => {
								const isOn = feed.isOnNow(one.changes);
								return changeSwitch(this, one, isOn, this.isLocked(one, isOn));
							}),
						),
			),
		);
		if (focused) {
			[...this.list.querySelectorAll("[role=switch]")]
				.find(one => one.dataset.change === focused)
				?.focus();
		}
		if (this.button) {
			this.button.disabled = this.app.source.link !== "open" || Boolean(feed.busy);
		}
		this.drawNews();
		this.drawClients();
	}

	// Who is signed in where, and why not.
	drawClients() {
		const {endpoints} = this.app.source.feed;
		const stateWord = end =>
			end.state === "signed-in"
				? ["✓ signed in", end.remote_user ? "from outside" : "inside", end.server]
				: [`✗ ${end.state}`, end.why];
		const rows = endpoints.map(end => [end.name, stateWord(end).filter(Boolean).join(", ")]);
		replaceContent(
			this.clients,
			makeTable("Clients", ["name", "state"], rows, "not known yet"),
		);
	}

	// What is otherwise in the kernels since they were looked at before.
	drawNews() {
		const {feed} = this.app.source;
		const changed = Object.entries(stateDifferences(feed.nodesBefore, feed.nodes));
		replaceContent(
			this.news,
			make(
				"section",
				{class: "part news"},
				make("h3", {}, "What changed last in the nodes"),
				changed.length === 0
					? make("p", {class: "quiet"}, feed.nodesBefore ? "Nothing." : "Nothing yet.")
					: make(
							"ul",
							{class: "lines"},
							changed.map(([name, words]) =>
								make(
									"li",
									{},
									make(
										"button",
										{
											type: "button",
											class: "hop",
											on: {click: () => this.app.current?.showNode?.(name)},
										},
										name,
									),
									` ${words.join(", ")}`,
								),
							),
						),
			),
		);
	}
}
