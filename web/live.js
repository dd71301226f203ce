// SPDX-License-Identifier: GPL-2.0-or-later
// The view of a lab that is up: a call is placed, and its packets are shown while they are
// captured.  Earlier calls stay and can be opened; without a call it shows the network as it is
// now.

import {make, makeTabs, outcomeBadge, replaceContent, sayAloud} from "./dom.js";
import {playerKeys} from "./call.js";
import {callWords, compareContent, networkWord} from "./compare.js";
import {CallBar, ChangesPanel, order, switchWords} from "./controls.js";
import {stateDifferences} from "./feed.js";
import {makeLadder} from "./ladder.js";
import {lessonsContent} from "./lessons.js";
import {makeLegend, makeMap} from "./map.js";
import {mediaContent} from "./media.js";
import {nodeContent} from "./node.js";
import {Player} from "./player.js";
import {outcomeOf, outcomeSentence} from "./words.js";
import {mapWithFix, quizContent, triedContent, whyContent} from "./why.js";

const NOTHING = {steps: [], ends: []};

// "the fix", "the bypass": what stands before the colon.
const nameOf = fix => fix?.text.split(":")[0] ?? "it";

export class LiveView {
	constructor(app) {
		Object.assign(this, {app, call: null, fix: null, lesson: null, chosenNode: null});
		this.bar = new CallBar(app);
		this.changes = new ChangesPanel(app);
		this.history = make("nav", {class: "history", "aria-label": "Calls of this session"});
		this.head = make("div", {class: "call-head"});
		this.panels = Object.fromEntries(
			["why", "packet", "ladder", "media", "node", "lessons"].map(name => [
				name,
				make("div", {class: `${name}-content`}),
			]),
		);
		const names = [
			["changes", "Changes", this.changes.element],
			["why", "Why", this.panels.why],
			["packet", "Packet", this.panels.packet],
			["ladder", "Ladder", this.panels.ladder],
			["media", "Media", this.panels.media],
			["node", "Node", this.panels.node],
		];
		this.tabs = makeTabs(
			"About the lab",
			[
				...names,
				...(app.index.lessons?.length ? [["lessons", "Lessons", this.panels.lessons]] : []),
			],
			"changes",
		);
		this.left = make("section", {class: "left", "aria-label": "Map and player"});
		this.element = make(
			"div",
			{class: "call live"},
			this.bar.element,
			make("div", {class: "shown-line"}, this.history, this.head),
			make(
				"div",
				{class: "stage"},
				this.left,
				make(
					"section",
					{class: "right", "aria-label": "About the lab"},
					this.tabs.list,
					this.tabs.panels,
				),
			),
		);
		this.tabs.list.addEventListener("click", () =>
			this.ladder?.mark(this.player.playback.index),
		);
		this.show(null);
	}

	get feed() {
		return this.app.source.feed;
	}

	// What is shown of the call: with a fix, how it went on a copy of the lab.
	get story() {
		return this.trial?.story ?? this.call?.cell ?? null;
	}

	get trial() {
		return this.call?.trials?.[this.fix] ?? null;
	}

	get drawnMap() {
		const map = this.call?.map ?? this.feed.scenario?.map ?? null;
		return map && this.trial ? mapWithFix(map) : map;
	}

	get entry() {
		return this.call?.cell ?? null;
	}

	get isSecret() {
		return this.app.isQuiz && !this.app.revealed.has(this.call?.number);
	}

	// --- what is told ---

	told(what, message) {
		const isShown = message?.call !== undefined && message.call === this.call?.number;
		const act = {
			begins: () => this.show(this.feed.callOf(message.call)),
			steps: () => isShown && this.grow(),
			ends: () => (isShown ? this.finish() : null),
			past: () => isShown && this.player.isOn && this.finish(),
			explained: () => isShown && this.explained(),
			tried: () => isShown && this.show(this.call, message.fix),
			state: () => this.stateTold(),
		}[what];
		act?.();
		if (what !== "steps") {
			this.bar.update();
			this.changes.update();
			this.drawHistory();
		}
	}

	// After a change the network as it is now is shown, and what is otherwise in it.
	stateTold() {
		if (!this.call || (this.feed.isMoved && !this.call.isOn)) {
			if (this.call && ["why", "packet", "ladder", "media"].includes(this.tabs.chosen())) {
				this.tabs.show("changes");
			}
			this.show(null);
		}
		this.drawNode();
		this.drawLessons();
	}

	grow() {
		this.player.grow(this.call.cell.steps);
		this.drawLadder();
	}

	finish() {
		const wasFollowing = this.player.finish(this.call.cell.steps);
		this.player.cell = this.call.cell;
		this.drawAll();
		if (wasFollowing) {
			this.goToPoint();
		}
		this.placedAt = wasFollowing ? this.player.playback.index : null;
		sayAloud(`${callWords(this.call)}: ${outcomeOf(this.call.cell).word}`);
	}

	// The step by which a call that is over is told: where it dies, or the way that media take.
	goToPoint() {
		const {steps, verdict} = this.story;
		if (verdict === "pass") {
			const isWay = step => step.protocol === "rtp" && step.hops?.length > 1;
			this.player.seek(steps.findLastIndex(isWay));
		} else {
			this.player.goToLost();
		}
	}

	// The why comes later than the call's end: the step that shows the cause is gone to, if nobody
	// has gone elsewhere.
	explained() {
		this.player.cell = this.call.cell;
		this.player.renew(this.call.cell.steps);
		this.drawLadder();
		if (this.call.cell.verdict !== "pass" && this.placedAt === this.player.playback.index) {
			this.player.hasShownLost = false;
			this.player.goToLost();
			if (this.tabs.chosen() === "changes") {
				this.tabs.show("why");
			}
		}
		this.placedAt = null; // after a lost connection it is told again
		this.drawWhy();
	}

	// --- what is shown ---

	// A call, as it went or with that fix as it was tried; or (null) the network as it is now.
	show(call, fix = null) {
		this.player?.pause();
		this.call = call;
		this.fix = fix;
		this.placedAt = null;
		this.map?.close();
		this.map = this.drawnMap
			? makeMap(this.drawnMap, {
					choose: name => this.showNode(name),
					secret: this.isSecret,
					follow: () => this.player?.inView() ?? [],
				})
			: null;
		this.player = new Player(call ? {...this.story} : NOTHING, {
			map: this.map,
			isOn: call?.isOn,
			secret: () => this.isSecret,
			moved: index => this.ladder?.mark(index),
		});
		replaceContent(this.panels.packet, this.player.headers);
		replaceContent(
			this.left,
			this.map?.element ?? make("p", {class: "wait"}, "Waiting for the lab…"),
			this.map ? makeLegend() : null,
			call ? this.player.element : this.idle(),
		);
		this.drawAll();
		this.drawNode();
		this.drawLessons();
		if (call && !call.isOn) {
			this.goToPoint();
		}
	}

	// Under the map, while no call is shown.
	idle() {
		const changed = stateDifferences(this.feed.nodesBefore, this.feed.nodes, false);
		this.map?.mark({fresh: Object.keys(changed)});
		return make(
			"section",
			{class: "player idle", "aria-label": "The network now"},
			make(
				"p",
				{class: "sentence"},
				make("strong", {}, "The network as it is now. "),
				this.feed.calls.length === 0
					? "Choose two ends and a medium above, and place a call."
					: "Earlier calls are above: each shows the network as it was.",
			),
			Object.keys(changed).length > 0
				? make(
						"p",
						{},
						"Since it was looked at before, something is otherwise at ",
						make("strong", {}, Object.keys(changed).join(", ")),
						": see Changes.",
					)
				: null,
		);
	}

	drawAll() {
		this.drawHead();
		this.drawHistory();
		this.drawWhy();
		this.drawLadder();
		replaceContent(
			this.panels.media,
			this.call
				? [
						compareContent(this.feed.calls, this.call),
						mediaContent(this.story, this.isSecret),
					]
				: make("p", {class: "quiet"}, "No call is shown."),
		);
	}

	drawHead() {
		if (!this.call) {
			const {scenario} = this.feed;
			replaceContent(
				this.head,
				make("h2", {}, this.feed.as ?? scenario?.name ?? "The network"),
				make(
					"p",
					{class: "verdict-line quiet"},
					(this.app.index.all_scenarios ?? []).find(one => one.name === this.feed.as)
						?.title ??
						scenario?.title ??
						"",
				),
			);
			return;
		}
		const cell = this.story;
		const outcome = outcomeOf(cell);
		replaceContent(
			this.head,
			make(
				"h2",
				{},
				`Call ${this.call.number}`,
				make("span", {class: "quiet"}, ` in ${networkWord(this.call)}`),
			),
			make(
				"p",
				{class: "verdict-line", "data-verdict": this.call.isOn ? "on" : cell.verdict},
				this.call.isOn
					? make("span", {class: "outcome on-air"}, "● on the wire")
					: [
							outcomeBadge(outcome),
							" ",
							outcomeSentence(cell),
						],
			),
			this.trialSwitch(),
		);
	}

	// Before and after, in the same player.
	trialSwitch() {
		const tried = Object.keys(this.call.trials ?? {}).map(Number);
		const choice = (fix, words) =>
			make(
				"button",
				{
					type: "button",
					"aria-pressed": String(this.fix === fix),
					on: {
						click: () => {
							this.show(this.call, fix);
							this.head.querySelector(`[aria-pressed="true"]`)?.focus();
						},
					},
				},
				words,
			);
		return tried.length === 0 || this.isSecret
			? null
			: make(
					"div",
					{class: "switch", role: "group", "aria-label": "Which call"},
					choice(null, "As it was"),
					tried.map(fix =>
						choice(fix, `On a copy, with ${nameOf(this.call.fixes[fix])}`),
					),
				);
	}

	drawHistory() {
		const button = (call, content) =>
			make(
				"button",
				{
					type: "button",
					"data-call": call?.number ?? "now",
					"aria-current": this.call === call ? "page" : null,
					on: {
						click: () => {
							this.show(call);
							this.history.querySelector(`[aria-current="page"]`)?.focus();
						},
					},
				},
				content,
			);
		const focused = this.history.contains(document.activeElement)
			? document.activeElement.dataset.call
			: null;
		replaceContent(
			this.history,
			button(null, "The network now"),
			this.feed.calls.map(call => {
				const outcome = outcomeOf(call.cell);
				return button(call, [
					`${callWords(call)} `,
					call.isOn
						? "●"
						: outcomeBadge(outcome),
				]);
			}),
		);
		if (focused) {
			[...this.history.children].find(one => one.dataset.call === focused)?.focus();
		}
		this.history
			.querySelector(`[aria-current="page"]`)
			?.scrollIntoView?.({block: "nearest", inline: "nearest"});
	}

	drawLadder() {
		if (!this.player) {
			return;
		}
		const shown = this.panels.ladder.querySelector(".ladder-scroll");
		const isAtEnd = shown
			? shown.scrollTop + shown.clientHeight > shown.scrollHeight - 60
			: true;
		this.ladder = makeLadder(this.player.cell, index => this.player.seek(index));
		replaceContent(this.panels.ladder, this.ladder.element);
		this.ladder.mark(this.player.playback.index);
		const scroll = this.panels.ladder.querySelector(".ladder-scroll");
		if (scroll && isAtEnd && this.player.isFollowing) {
			scroll.scrollTop = scroll.scrollHeight;
		}
	}

	drawWhy() {
		const {call} = this;
		if (!call || call.isOn) {
			replaceContent(
				this.panels.why,
				make(
					"p",
					{class: "quiet"},
					call ? "The call is not over yet." : "No call is shown.",
				),
			);
		} else if (this.isSecret) {
			replaceContent(
				this.panels.why,
				quizContent(() => this.reveal()),
			);
		} else if (this.trial) {
			replaceContent(
				this.panels.why,
				triedContent(this.trial, () => this.show(call)),
			);
		} else {
			const isAsked = call.cell.verdict !== "pass" && !call.cell.explanation && !call.isPast;
			this.refusal = make("p", {class: "refused", role: "alert"});
			replaceContent(
				this.panels.why,
				isAsked ? make("p", {class: "quiet"}, "The cause is being looked for…") : null,
				whyContent(call.cell, this.cures(), true),
				this.refusal,
			);
		}
	}

	// Fixes that can be made in the lab, or tried on a copy of it.
	cures() {
		const {index, source} = this.app;
		if (index.read_only) {
			return [];
		}
		return this.call.fixes.flatMap((fix, i) => {
			const isOn = source.feed.isOnNow(fix.changes);
			const asked = fix.reboot
				? {do: "reboot", node: fix.reboot}
				: {do: "set", changes: fix.changes};
			return [
				isOn
					? null
					: {
							words: fix.reboot ? fix.text : `Switch on: ${switchWords(fix)}`,
							show: () => order(this.app, asked, this.refusal),
						},
				index.tries && !fix.reboot ? this.attempt(fix, i) : null,
			];
		});
	}

	attempt(fix, i) {
		const {call} = this;
		const asked = {do: "try", call: call.number, fix: i};
		return {
			kind: "copy",
			words: `${call.trials?.[i] ? "Watch" : "Try"} ${nameOf(fix)} on a copy of the lab`,
			show: () =>
				call.trials?.[i] ? this.show(call, i) : order(this.app, asked, this.refusal),
		};
	}

	toggleFix() {
		const tried = Object.keys(this.call?.trials ?? {});
		if (tried.length > 0 && !this.isSecret) {
			this.show(this.call, this.trial ? null : Number(tried[0]));
		}
	}

	reveal() {
		this.app.revealed.add(this.call.number);
		this.show(this.call);
		this.tabs.show("why");
		document.getElementById("panel-why")?.focus();
	}

	showNode(name) {
		this.chosenNode = name;
		this.drawNode();
		this.tabs.show("node");
		document.getElementById("panel-node")?.focus();
	}

	drawNode() {
		const node = (this.feed.scenario?.map?.nodes ?? []).find(
			one => one.name === this.chosenNode,
		);
		const {nodes, nodesBefore} = this.feed;
		replaceContent(
			this.panels.node,
			node
				? nodeContent(node, nodes[node.name] ?? null, nodesBefore?.[node.name] ?? null)
				: make(
						"p",
						{class: "quiet"},
						"Choose a node on the map: its routes, rules, NAT, listeners, " +
							"sessions and counters, as they are now.",
					),
		);
	}

	drawLessons() {
		const {app, feed} = this;
		if (
			!app.index.lessons?.length ||
			(this.panels.lessons.childNodes.length > 0 && this.lessonsKey === `${feed.as}`)
		) {
			return; // an answer that is open stays open
		}
		this.lessonsKey = `${feed.as}`;
		replaceContent(
			this.panels.lessons,
			lessonsContent(app.index.lessons, {
				chosen: this.lesson,
				lab: app.index.lab ?? "lab",
				now: {topology: app.index.topology.name, scenario: feed.as},
				choose: name => {
					this.lesson = name;
					this.lessonsKey = null;
					this.drawLessons();
				},
				bring: name => this.bar.bring(name),
				run: app.index.read_only ? null : asked => app.source.ask(asked),
			}),
		);
	}

	// --- keys ---

	key(key) {
		const tab = {
			b: "changes",
			w: "why",
			h: "packet",
			l: "ladder",
			d: "media",
			n: "node",
			t: "lessons",
		}[key];
		if (tab && this.tabs.list.querySelector(`#tab-${tab}`)) {
			this.tabs.show(tab);
			this.ladder?.mark(this.player.playback.index);
			return true;
		}
		const act =
			{
				k: () => this.bar.place(),
				f: () => this.toggleFix(),
				i: () => this.player.isOn && this.player.follow(),
				0: () => this.map?.byHand(() => this.map.view.fit()),
			}[key] ?? (this.call ? playerKeys(this.player, this.map)[key] : null);
		act?.();
		return Boolean(act);
	}

	leave() {
		this.player.pause();
	}
}
