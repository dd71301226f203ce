// SPDX-License-Identifier: GPL-2.0-or-later
// The view of one call: the map with the player under it; beside them why, the ladder, the media,
// and a node that was chosen.  The fix, where it was tried, is the same view over the other story.

import {chooser, make, makeTabs, outcomeBadge, replaceContent} from "./dom.js";
import {isSameCall} from "./grid.js";
import {makeLadder} from "./ladder.js";
import {makeLegend, makeMap} from "./map.js";
import {mediaContent} from "./media.js";
import {nodeContent} from "./node.js";
import {Player} from "./player.js";
import {callName, mediumWord, outcomeOf, outcomeSentence} from "./words.js";
import {mapWithFix, quizContent, triedContent, whyContent} from "./why.js";

export class CallView {
	// app: source, isQuiz, revealed (set of cells whose why was asked for), moved(state)
	constructor(app, scenario, entry, cell, place) {
		Object.assign(this, {app, scenario, entry, cell});
		this.withFix = Boolean(place.fix && cell.trial?.story);
		this.element = make("div", {class: "call", "data-cell": entry.id});
		this.build(place);
	}

	get story() {
		return this.withFix ? this.cell.trial.story : this.cell;
	}

	get drawnMap() {
		const {map} = this.scenario;
		return map && this.withFix ? mapWithFix(map) : map;
	}

	get isSecret() {
		return this.app.isQuiz && !this.app.revealed.has(this.cell.id);
	}

	build(place = {}) {
		this.player?.pause();
		const tab = this.tabs?.chosen() ?? place.tab ?? "why";
		this.map?.close();
		this.map = this.drawnMap
			? makeMap(this.drawnMap, {
					choose: name => this.showNode(name),
					secret: this.isSecret,
					follow: () => this.player?.inView() ?? [],
				})
			: null;
		this.nodePanel = make("div", {}, make("p", {class: "quiet"}, "Choose a node on the map."));
		this.ladder = makeLadder(this.story, index => this.player.seek(index));
		this.player = new Player(this.story, {
			map: this.map,
			secret: () => this.isSecret,
			moved: (index, hop) => {
				this.ladder.mark(index);
				this.app.moved({step: index, hop, fix: this.withFix});
			},
		});
		this.tabs = makeTabs(
			"About this call",
			[
				["why", "Why", this.whyPanel()],
				["packet", "Packet", this.player.headers],
				["ladder", "Ladder", this.ladder.element],
				["media", "Media", mediaContent(this.story, this.isSecret)],
				["node", "Node", this.nodePanel],
			],
			tab,
		);
		replaceContent(
			this.element,
			this.head(),
			make(
				"div",
				{class: "stage"},
				make(
					"section",
					{class: "left", "aria-label": "Map and player"},
					this.map?.element ?? null,
					this.map ? makeLegend() : null,
					this.player.element,
				),
				make(
					"section",
					{class: "right", "aria-label": "About this call"},
					this.tabs.list,
					this.tabs.panels,
				),
			),
		);
		if (Number.isInteger(place.step)) {
			this.player.seek(place.step);
		}
		this.tabs.list.addEventListener("click", () =>
			this.ladder.mark(this.player.playback.index),
		);
	}

	// The same call in the run's other scenarios.
	twins() {
		return this.app.index.scenarios.flatMap(scenario =>
			scenario === this.scenario
				? []
				: scenario.cells
						.filter(cell => isSameCall(cell, this.entry))
						.map(cell => ({scenario, cell})),
		);
	}

	// With the fix, if that was tried; else in the first scenario where the call works; and back.
	toggleFix() {
		if (this.cell.trial?.story) {
			this.setFix(!this.withFix);
			return;
		}
		const twin =
			this.entry.verdict === "pass"
				? this.twins().find(one => one.cell.id === this.app.before)
				: this.twins().find(one => one.cell.verdict === "pass");
		if (twin) {
			this.app.before = this.entry.id;
			this.app.go({view: "call", cell: twin.cell.id});
		}
	}

	// What the why-panel offers to watch.
	cure() {
		const twin =
			this.entry.verdict === "pass"
				? null
				: this.twins().find(one => one.cell.verdict === "pass");
		const words = this.cell.trial?.story
			? "Watch the call with this fix"
			: twin
				? `Watch this call in ${twin.scenario.name}`
				: null;
		return words ? {words, show: () => this.toggleFix()} : null;
	}

	twinChooser() {
		const twins = this.twins();
		const word = ({scenario, cell}) => `${scenario.name}: ${outcomeOf(cell).word}`;
		return twins.length === 0
			? null
			: chooser(
					"The same call in",
					[
						[this.entry.id, word({scenario: this.scenario, cell: this.entry})],
						...twins.map(twin => [twin.cell.id, word(twin)]),
					],
					this.entry.id,
					id => {
						this.app.before = this.entry.id;
						this.app.go({view: "call", cell: id});
					},
				);
	}

	head() {
		const outcome = outcomeOf(this.story);
		const isTried = Boolean(this.cell.trial?.story);
		const choice = (fix, text) =>
			make(
				"button",
				{
					type: "button",
					"aria-pressed": String(this.withFix === fix),
					on: {click: () => this.setFix(fix)},
				},
				text,
			);
		return make(
			"div",
			{class: "call-head"},
			make(
				"h2",
				{},
				`${callName(this.entry)}, ${mediumWord(this.entry.media)}`,
				make("span", {class: "quiet"}, ` in ${this.scenario.name}`),
			),
			make(
				"p",
				{class: "verdict-line"},
				outcomeBadge(outcome),
				" ",
				outcomeSentence(this.story),
			),
			this.twinChooser(),
			isTried
				? make(
						"div",
						{class: "switch", role: "group", "aria-label": "Which call"},
						choice(false, "As it is"),
						choice(true, "With the fix"),
					)
				: null,
			this.story.evidence === false
				? make(
						"p",
						{class: "quiet"},
						"No packets were kept of this scenario: steps come from what the " +
							"programs said, and the map can't show their way.",
					)
				: null,
		);
	}

	whyPanel() {
		if (this.isSecret) {
			return quizContent(() => this.reveal());
		}
		if (this.withFix) {
			return triedContent(this.cell.trial, () => this.setFix(false));
		}
		return make("div", {class: "why-panel"}, whyContent(this.cell, [this.cure()]));
	}

	reveal() {
		this.app.revealed.add(this.cell.id);
		const {index, hop} = this.player.playback;
		this.build({step: index, hop});
		this.element.querySelector("#panel-why")?.focus();
	}

	// The same moment of the other story: its first step of the same phase.
	setFix(withFix) {
		if (!this.cell.trial?.story || this.withFix === withFix) {
			return;
		}
		const phase = this.player.playback.step?.phase;
		this.withFix = withFix;
		const step = (this.story.steps ?? []).findIndex(one => one.phase === phase);
		this.build({step: step >= 0 ? step : null});
		this.element.querySelector(`.switch button[aria-pressed="true"]`)?.focus();
	}

	async showNode(name) {
		this.tabs.show("node");
		const node = this.scenario.map.nodes.find(one => one.name === name);
		const states = await this.app.source.nodes(this.scenario.name);
		replaceContent(this.nodePanel, nodeContent(node, states?.[name] ?? null));
		document.getElementById("panel-node")?.focus();
	}

	// What a key does in this view; false: nothing.
	key(key) {
		const tab = {w: "why", h: "packet", l: "ladder", d: "media", n: "node"}[key];
		if (tab) {
			this.tabs.show(tab);
			this.ladder.mark(this.player.playback.index);
			return true;
		}
		const act = {f: () => this.toggleFix()}[key] ?? playerKeys(this.player, this.map)[key];
		if (!act) {
			return false;
		}
		act();
		return true;
	}

	leave() {
		this.player.pause();
		this.map?.close();
	}
}

// What keys do to a player and its map.
export function playerKeys(player, map) {
	return {
		" ": () => player.toggle(),
		p: () => player.toggle(),
		ArrowRight: () => player.step(1),
		ArrowLeft: () => player.step(-1),
		".": () => player.hopBy(1),
		",": () => player.hopBy(-1),
		x: () => player.goToLost(),
		s: () => player.goToPhase("sign-in"),
		c: () => player.goToPhase("call"),
		v: () => player.goToPhase("media"),
		e: () => player.goToPhase("end"),
		o: () => map?.toggleFollow(),
		Home: () => player.seek(0),
		End: () => player.seek(player.playback.steps.length - 1),
		...mapKeys(map),
	};
}

// Zoom by keys, for every view with a map.
export function mapKeys(map) {
	const moves = {
		"+": view => view.zoom(1.3),
		"-": view => view.zoom(1 / 1.3),
		0: view => view.fit(),
		"shift ArrowLeft": view => view.pan(-0.1, 0),
		"shift ArrowRight": view => view.pan(0.1, 0),
		"shift ArrowUp": view => view.pan(0, -0.1),
		"shift ArrowDown": view => view.pan(0, 0.1),
	};
	return map
		? {
				a: () => map.toggleDetails(),
				...Object.fromEntries(
					Object.entries(moves).map(([key, move]) => [
						key,
						() => map.byHand(() => move(map.view)),
					]),
				),
			}
		: {};
}
