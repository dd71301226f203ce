// SPDX-License-Identifier: GPL-2.0-or-later
// The page as a whole: which view is shown, what its address (the part behind #) says, the keys,
// print, light and dark.

import {CallView} from "./call.js";
import {chooser, make, replaceContent, sayAloud} from "./dom.js";
import {LiveView} from "./live.js";
import {lessonsView} from "./lessons.js";
import {cellPage, gridPage, mapPage} from "./print.js";
import {mapView, resultsView} from "./results.js";
import {mediumWord, callName} from "./words.js";

const KEYS = [
	["g", "results: the grid"],
	["m", "the map"],
	["Space or p", "play, pause"],
	["→ and ←", "step forward, back"],
	[". and ,", "hop forward, back"],
	["x", "to the next packet that is lost"],
	["s, c, v, e", "to sign-in, call, media, end"],
	["f", "with the fix (or in a scenario where the call works), and back"],
	["w, h, l, d, n", "why, packet's headers, ladder, media, node"],
	["+, −, 0, Shift with arrows", "zoom in, out, whole map, move it"],
	["o", "the map follows the packet"],
	["a", "addresses and marks on a map that is small, and back"],
	["Home, End", "first, last step"],
	["?", "this list"],
];

function stateOf(hash) {
	const words = new URLSearchParams(hash.replace(/^#/, ""));
	const step = words.get("step");
	return {
		view: words.get("view"),
		scenario: words.get("scenario"),
		with: words.get("with"),
		cell: words.get("cell"),
		node: words.get("node"),
		step: step !== null && /^\d{1,6}$/.test(step) ? Number(step) : null,
		fix: words.get("fix") === "1",
	};
}

function hashOf(state) {
	const words = new URLSearchParams();
	for (const [name, value] of Object.entries(state)) {
		if (value !== null && value !== undefined && value !== false) {
			words.set(name, value === true ? "1" : value);
		}
	}
	return `#${words}`;
}

const LIVE_KEYS = [
	["k", "place the call that is chosen, or hang up the one that is on"],
	["i", "the newest packet"],
	["b", "the changes"],
	["t", "the lessons"],
];

export class App {
	constructor(source) {
		this.source = source;
		this.index = source.index();
		this.isQuiz = new URLSearchParams(location.search).has("quiz");
		this.revealed = new Set();
		this.hasKeys = true;
		this.before = null; // the call that was left for the same one elsewhere
		this.state = stateOf(location.hash);
		this.current = null;
		this.main = document.getElementById("main");
	}

	start() {
		const {topology, run} = this.index;
		const title = topology.title ?? topology.name ?? "testbed report";
		document.title = `${title}: testbed ${this.isLive ? "lab" : "report"}`;
		document.getElementById("title").textContent = title;
		replaceContent(
			document.getElementById("run"),
			this.isLive
				? `lab ${this.index.lab ?? ""}`
				: [
						run.version ? `testbed ${run.version}` : null,
						run.started,
						run.id ? `run ${run.id}` : null,
					]
						.filter(Boolean)
						.join(" · "),
		);
		this.drawTools();
		this.source.watch?.((what, message) => this.told(what, message));
		window.addEventListener("hashchange", () => {
			if (location.hash !== hashOf(this.state)) {
				this.state = stateOf(location.hash);
				this.show();
			}
		});
		// As an address of its own it would be another state, and draw everything anew.
		document.querySelector(".skip").addEventListener("click", event => {
			event.preventDefault();
			this.main.focus();
		});
		document.addEventListener("keydown", event => this.handleKey(event));
		window.addEventListener("beforeprint", () => this.prepareHandout());
		const shown = this.show();
		this.source.start?.();
		return shown;
	}

	get isLive() {
		return Boolean(this.source.feed);
	}

	get scenarios() {
		return this.isLive ? [this.source.feed.scenario].filter(Boolean) : this.index.scenarios;
	}

	// Of a lab that is up: every view that is open hears it.
	told(what, message) {
		this.live?.told(what, message);
		if (what === "state" && this.state.view === "map" && this.source.feed.isRedrawn) {
			this.show();
		}
	}

	// --- views ---

	scenarioNamed(name) {
		return this.scenarios.find(one => one.name === name);
	}

	entryOf(id) {
		for (const scenario of this.scenarios) {
			const entry = scenario.cells.find(cell => cell.id === id);
			if (entry) {
				return {scenario, entry};
			}
		}
		return null;
	}

	go(change) {
		const isNewCall = change.cell && change.cell !== this.state.cell;
		this.state = {
			...this.state,
			node: null,
			...(isNewCall ? {step: null, fix: false} : {}),
			...change,
		};
		location.hash = hashOf(this.state);
		return this.show(true);
	}

	// Where the player is, written into the address without a new entry of the history.
	moved(place) {
		if (this.state.view === "call") {
			this.state = {...this.state, step: place.step, fix: place.fix};
			history.replaceState(null, "", hashOf(this.state));
		}
	}

	async show(byHand = false) {
		this.current?.leave();
		this.current = null;
		const found = this.state.view === "call" ? this.entryOf(this.state.cell) : null;
		const scenario =
			found?.scenario ?? this.scenarioNamed(this.state.scenario) ?? this.scenarios[0];
		this.scenario = scenario;
		if (this.isLive && !["map", "lessons"].includes(this.state.view)) {
			this.live ??= new LiveView(this);
			this.current = this.live;
			replaceContent(this.main, this.live.element);
		} else if (this.state.view === "lessons" && this.index.lessons?.length) {
			this.current = lessonsView(this);
			replaceContent(this.main, this.current.element);
		} else if (!scenario) {
			replaceContent(
				this.main,
				make("p", {class: "wait"}, "There is no scenario in this report."),
			);
			return;
		} else if (found) {
			await this.showCall(found);
		} else {
			const other = this.scenarioNamed(this.state.with);
			this.current =
				this.state.view === "map"
					? mapView(this, scenario, this.state.node)
					: resultsView(this, scenario, other === scenario ? null : other);
			replaceContent(this.main, this.current.element);
		}
		this.drawViews(found);
		document.body.dataset.view = found ? "call" : (this.state.view ?? "");
		if (byHand) {
			this.main.focus({preventScroll: true});
		}
	}

	async showCall({scenario, entry}) {
		const wanted = entry.id;
		replaceContent(this.main, make("p", {class: "wait"}, "Unpacking the call…"));
		let cell = null;
		let problem = null;
		try {
			cell = await this.source.cell(wanted);
		} catch (error) {
			problem = error.message;
		}
		if (this.state.cell !== wanted) {
			return;
		}
		// A cell that the report has no story of is shown by what the grid knows of it.
		const story = cell ?? {
			id: wanted,
			verdict: entry.verdict,
			path: entry.path,
			reason: problem ? `This call can't be read: ${problem}` : entry.reason,
			evidence: false,
			steps: [],
			ends: [],
		};
		this.current = new CallView(this, scenario, entry, story, this.state);
		this.current.element.classList.toggle("unread", problem !== null);
		replaceContent(this.main, this.current.element);
		this.current.ladder.mark(this.current.player.playback.index);
		sayAloud(`${callName(entry)}, ${mediumWord(entry.media)}, opened`);
	}

	drawViews(found) {
		const {view: asked} = this.state;
		const view = found ? "call" : ["map", "lessons"].includes(asked) ? asked : "results";
		const name = this.scenario?.name;
		const button = (key, text, change, disabled = false) =>
			make(
				"button",
				{
					type: "button",
					"aria-current": view === key ? "page" : null,
					disabled,
					on: {click: () => this.go(change)},
				},
				text,
			);
		replaceContent(
			document.getElementById("views"),
			this.isLive
				? button("results", "Live", {view: null})
				: button("results", "Results", {view: null, scenario: name}),
			button("map", "Map", {view: "map", scenario: name}),
			this.isLive
				? null
				: button("call", "Call", {view: "call"}, !this.entryOf(this.state.cell)),
			!this.isLive && this.index.lessons?.length
				? button("lessons", "Lessons", {view: "lessons"})
				: null,
		);
	}

	// --- tools ---

	drawTools() {
		const button = (text, name, act) =>
			make(
				"button",
				{type: "button", "aria-label": name, title: name, on: {click: act}},
				text,
			);
		replaceContent(
			document.getElementById("tools"),
			this.isQuiz ? make("span", {class: "badge"}, "quiz") : null,
			button("◐", "Light or dark", () => this.switchTheme()),
			button("Print", "Print a handout", () => this.openPrint()),
			button("?", "Keys (?)", () => this.openHelp()),
		);
	}

	switchTheme() {
		const isDark =
			(document.documentElement.dataset.theme ??
				(window.matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) ===
			"dark";
		document.documentElement.dataset.theme = isDark ? "light" : "dark";
	}

	openDialog(title, ...content) {
		const dialog = make(
			"dialog",
			{"aria-label": title},
			make("h2", {}, title),
			content,
			make("button", {type: "button", on: {click: () => dialog.close()}}, "Close"),
		);
		dialog.addEventListener("close", () => dialog.remove());
		document.body.append(dialog);
		dialog.showModal();
		return dialog;
	}

	openHelp() {
		this.openDialog(
			"Keys",
			make(
				"table",
				{class: "keys"},
				make(
					"tbody",
					{},
					[...(this.isLive ? LIVE_KEYS : []), ...KEYS].map(([key, words]) =>
						make(
							"tr",
							{},
							make("th", {scope: "row"}, make("kbd", {}, key)),
							make("td", {}, words),
						),
					),
				),
			),
			make(
				"label",
				{class: "line"},
				make("input", {
					type: "checkbox",
					checked: this.hasKeys,
					on: {
						change: event => {
							this.hasKeys = event.target.checked;
						},
					},
				}),
				" single keys are on",
			),
			make(
				"p",
				{class: "quiet"},
				"In the grid, on the map and in the ladder arrow keys move from one item to " +
					"the next. Open this page with ?quiz behind its name to hide why until asked.",
			),
		);
	}

	// --- print ---

	openPrint() {
		if (this.isLive) {
			window.print();
			return;
		}
		const choices = [
			["this", this.state.view === "call" ? "this call" : "the grid of this scenario"],
			["failed", "every failing call of this scenario"],
			["all", "every call of this scenario"],
		];
		let choice = "this";
		const dialog = this.openDialog(
			"Print a handout",
			make("p", {}, "The map alone comes first, then a page a call."),
			chooser("Pages", choices, choice, value => {
				choice = value;
			}),
			make(
				"button",
				{
					type: "button",
					class: "go",
					on: {
						click: async () => {
							await this.fillHandout(choice);
							dialog.close();
							window.print();
						},
					},
				},
				"Print",
			),
		);
	}

	async fillHandout(choice) {
		if (choice === "this") {
			this.isFilled = false;
			return;
		}
		const pages = [mapPage(this.index, this.scenario, this.isQuiz)];
		for (const entry of this.scenario.cells.filter(
			cell => choice === "all" || cell.verdict !== "pass",
		)) {
			const cell = await this.source.cell(entry.id);
			if (cell) {
				pages.push(
					cellPage(
						this.scenario,
						entry,
						cell,
						this.isQuiz && !this.revealed.has(entry.id),
					),
				);
			}
		}
		replaceContent(document.getElementById("handout"), pages);
		this.isFilled = true;
	}

	// Whatever way the browser was told to print: what is open.
	prepareHandout() {
		if (!this.isFilled && this.scenario) {
			const call = this.current?.story ? this.current : null;
			const scenario = {...this.scenario, map: call?.drawnMap ?? this.scenario.map};
			const fix = Boolean(call?.withFix ?? call?.trial);
			replaceContent(
				document.getElementById("handout"),
				mapPage(this.index, scenario, this.isQuiz && !fix),
				call
					? cellPage(scenario, call.entry, call.story, call.isSecret, fix)
					: this.isLive || this.state.view
						? null
						: gridPage(this.index, this.scenario, this.isQuiz),
			);
		}
		this.isFilled = false;
	}

	// --- keys ---

	handleKey(event) {
		if (
			!this.hasKeys ||
			event.defaultPrevented ||
			event.ctrlKey ||
			event.altKey ||
			event.metaKey ||
			document.querySelector("dialog[open]")
		) {
			return;
		}
		const target = event.target;
		if (target.matches?.("input, select, textarea")) {
			return;
		}
		// A key that does something where the focus is stays with it.
		const isOwn =
			(target.matches?.("button, summary, [role=button], [role=tab]") &&
				(event.key === " " || event.key === "Enter")) ||
			(target.matches?.("[role=tab], pre") && event.key.startsWith("Arrow"));
		if (isOwn) {
			return;
		}
		const key =
			event.shiftKey && event.key.startsWith("Arrow") ? `shift ${event.key}` : event.key;
		const act = {
			g: () => this.go({view: null, scenario: this.scenario?.name}),
			m: () => this.go({view: "map", scenario: this.scenario?.name}),
			"?": () => this.openHelp(),
		}[key];
		if (act) {
			act();
		} else if (!this.current?.key(key)) {
			return;
		}
		event.preventDefault();
	}
}
