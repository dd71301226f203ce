// SPDX-License-Identifier: GPL-2.0-or-later
// The player: packets walk the map in the order in which they were captured.  It moves a Playback,
// asks the map to draw, and says each step in words.  While it plays, nothing is read aloud; a step
// by hand is.

import {chooser, make, reducedMotion, replaceContent} from "./dom.js";
import {isLost, Playback, questionsOf} from "./playback.js";
import {endsWord, hopLine, hopTable, lostBox, makeFilter, makeStrip} from "./stepwords.js";
import {countWord, phaseWord, protocolWord, sideWord, timeWord} from "./words.js";

const HOP_MS = 650; // one hop at speed 1
const READ_MS = 1500; // how long a step stands before the next one, at speed 1
const GLIDE_MS = 250; // a packet's whole way, while a call goes on
const FRESH_MAX = 8; // ways of packets that came together
const SPEEDS = [
	["0.5", "half speed"],
	["1", "normal"],
	["2", "2 × speed"],
	["4", "4 × speed"],
	["16", "16 × speed"],
];

export class Player {
	// options: map (of makeMap), secret() whether the why is hidden, moved(index, hop) is called
	// after each move, isOn whether the call goes on just now: then grow() tells its steps
	constructor(cell, options) {
		this.cell = cell;
		this.options = options;
		this.playback = new Playback(cell.steps ?? []);
		this.share = 0;
		this.speed = 1;
		this.frame = null;
		this.isOn = Boolean(options.isOn);
		this.isFollowing = this.isOn; // the newest step is shown
		this.fresh = []; // steps that came last
		this.strip = makeStrip(this.playback);
		this.now = make("div", {
			class: "now",
			role: "region",
			tabindex: "0",
			"aria-label": "This step",
			"aria-live": "polite",
			"aria-atomic": "true",
		});
		this.headers = make("div", {class: "headers"}); // the view says where they stand
		this.playButton = make(
			"button",
			{type: "button", class: "play", on: {click: () => this.toggle()}},
			"▶ Play",
		);
		this.range = make("input", {
			type: "range",
			class: "seek",
			min: 0,
			max: Math.max(0, this.playback.steps.length - 1),
			"aria-label": "Step",
			on: {input: () => this.seek(Number(this.range.value))},
		});
		this.bar = make("div", {}, this.controls());
		this.timeline = make("div", {class: "timeline"}, this.strip.svg, this.range);
		this.element = make(
			"section",
			{class: "player", "aria-label": "Player"},
			this.bar,
			this.timeline,
			this.now,
		);
		this.draw();
		this.showState();
	}

	controls() {
		const button = (text, name, act, kind = null) =>
			make(
				"button",
				{type: "button", class: kind, "aria-label": name, title: name, on: {click: act}},
				text,
			);
		const phases = this.playback
			.phases()
			.map(phase =>
				button(
					phaseWord(phase),
					`Go to the first step of: ${phaseWord(phase)}`,
					() => this.goToPhase(phase),
					"jump",
				),
			);
		const death = this.playback.steps.some(isLost)
			? button(
					"✗ Where it dies",
					"✗ Where it dies: the next packet that is lost (x)",
					() => this.goToLost(),
					"jump death",
				)
			: null;
		this.newestButton = this.isOn
			? make(
					"button",
					{type: "button", class: "newest", on: {click: () => this.follow()}},
					"● Live",
				)
			: null;
		return make(
			"div",
			{class: "controls", role: "group", "aria-label": "Playing"},
			this.newestButton,
			button("◀ step", "Step back (left arrow)", () => this.step(-1)),
			button("‹ hop", "Hop back (comma)", () => this.hopBy(-1)),
			this.playButton,
			button("hop ›", "Hop forward (full stop)", () => this.hopBy(1)),
			button("step ▶", "Step forward (right arrow)", () => this.step(1)),
			make("span", {class: "jumps", role: "group", "aria-label": "Go to"}, phases, death),
			chooser("Speed", SPEEDS, "1", value => {
				this.speed = Number(value);
			}),
			makeFilter(this.playback, hidden => {
				this.pause();
				this.playback.setHidden(hidden);
				this.draw();
			}),
		);
	}

	get isPlaying() {
		return this.frame !== null && !this.isFollowing;
	}

	// --- moves by hand ---

	step(by) {
		this.pause();
		if (this.playback.moveStep(by, by > 0 && !reducedMotion() ? 0 : null)) {
			this.draw();
			if (by > 0) {
				this.run(true);
			}
		}
	}

	hopBy(by) {
		this.pause();
		if (this.playback.moveHop(by)) {
			this.draw();
		}
	}

	seek(index, hop = null) {
		this.pause();
		if (this.playback.seek(index, hop)) {
			this.draw();
		}
	}

	goToPhase(phase) {
		const index = this.playback.steps.findIndex(
			step => step.phase === phase && this.playback.isShown(step),
		);
		this.seek(index);
	}

	// First to the packet that shows the cause, then to one after the other.
	goToLost() {
		const code = this.cell.explanation?.cause?.code;
		const telling = this.playback.steps.findIndex(
			step => code && step.lost?.code === code && this.playback.isShown(step),
		);
		const isFirst = !this.hasShownLost && telling >= 0;
		this.hasShownLost = true;
		this.seek(isFirst ? telling : this.playback.findStep(isLost));
	}

	// --- a call that goes on ---

	// The call has these steps now.  The newest is shown, unless the user went elsewhere.
	grow(steps) {
		const shape = () =>
			JSON.stringify([
				this.playback.phases(),
				this.playback.protocols(),
				this.playback.steps.some(isLost),
			]);
		const [before, count] = [shape(), this.playback.steps.length];
		this.playback.replaceSteps(steps);
		this.cell.steps = steps;
		this.fresh = steps.length > count ? steps.slice(count).slice(-FRESH_MAX) : [];
		this.remake(before !== shape());
		const newest = steps[steps.length - 1];
		const key = JSON.stringify([newest?.n, newest?.count, newest?.hops?.length]);
		if (this.isFollowing) {
			this.playback.seekNewest();
			if (key !== this.newestKey) {
				this.glide();
			}
			this.newestKey = key;
		}
		this.draw();
	}

	// The strip and the buttons fit the steps; the focus stays where it was.
	remake(withButtons) {
		this.strip = makeStrip(this.playback);
		this.range.max = String(Math.max(0, this.playback.steps.length - 1));
		replaceContent(this.timeline, this.strip.svg, this.range);
		if (withButtons) {
			const name = this.bar.contains(document.activeElement)
				? document.activeElement.getAttribute("aria-label")
				: null;
			const {playButton} = this;
			replaceContent(this.bar, this.controls());
			(name
				? ([...this.bar.querySelectorAll("button")].find(
						button => button.getAttribute("aria-label") === name,
					) ?? playButton)
				: null
			)?.focus();
			this.showState();
		}
	}

	follow() {
		this.pause();
		this.isFollowing = true;
		this.playback.seekNewest();
		this.draw();
		this.showState();
	}

	// The newest packet's whole way in a moment; one that came meanwhile is shown after it.
	glide() {
		if (reducedMotion() || this.frame !== null || this.playback.lastHop() === 0) {
			return;
		}
		const began = performance.now();
		const gliding = this.playback.step;
		const tick = now => {
			const last = (gliding.hops ?? []).length - 1;
			const at = Math.max(0, (now - began) / GLIDE_MS) * last;
			if (!this.isFollowing || at >= last) {
				this.frame = null;
				this.draw();
				return;
			}
			this.options.map?.show(gliding, Math.floor(at), at - Math.floor(at), [
				...this.questions(),
				...this.fresh,
			]);
			this.frame = requestAnimationFrame(tick);
		};
		this.frame = requestAnimationFrame(tick);
	}

	// The call is over: these are its steps.
	finish(steps) {
		const wasFollowing = this.isFollowing;
		this.pause();
		this.isOn = false;
		this.fresh = [];
		this.renew(steps);
		if (wasFollowing) {
			this.playback.seekNewest();
			this.draw();
		}
		return wasFollowing;
	}

	// The same steps, with more that is known of them.
	renew(steps) {
		this.playback.replaceSteps(steps);
		this.cell.steps = steps;
		this.remake(true);
		this.draw();
	}

	// --- playing ---

	toggle() {
		if (this.isPlaying || this.isFollowing) {
			this.pause();
			return;
		}
		if (this.playback.rank().at >= this.playback.rank().of - 1) {
			this.playback.seek(this.playback.shown()[0] ?? 0, 0);
		}
		this.run(false);
	}

	pause() {
		if (this.frame !== null) {
			cancelAnimationFrame(this.frame);
		}
		this.frame = null;
		this.share = 0;
		this.isFollowing = false;
		this.showState();
	}

	// Moves with the clock: to the packet's end, and (unless one step was asked for) on to the next
	// ones.
	run(oneStep) {
		let before = performance.now();
		let waited = 0;
		const tick = now => {
			const passed = Math.max(0, now - before) * this.speed;
			before = now;
			if (this.playback.hop < this.playback.lastHop()) {
				this.share += passed / HOP_MS;
				if (reducedMotion() || this.share >= 1) {
					this.share = 0;
					this.playback.hop++;
					this.draw();
				} else {
					this.drawPacket();
				}
			} else if (oneStep) {
				this.pause();
				return;
			} else {
				waited += passed;
				if (waited >= READ_MS) {
					waited = 0;
					if (!this.playback.moveStep(1, 0)) {
						this.pause();
						return;
					}
					this.draw();
				}
			}
			this.frame = requestAnimationFrame(tick);
		};
		this.frame = requestAnimationFrame(tick);
		this.showState(oneStep);
	}

	showState(oneStep = false) {
		const isPlaying = (this.isPlaying && !oneStep) || this.isFollowing;
		this.playButton.textContent = isPlaying ? "❚❚ Pause" : "▶ Play";
		this.playButton.setAttribute("aria-label", isPlaying ? "Pause (space)" : "Play (space)");
		this.newestButton?.setAttribute("aria-pressed", String(this.isFollowing));
		this.now.setAttribute("aria-live", isPlaying ? "off" : "polite");
	}

	// --- drawing ---

	questions() {
		return questionsOf(this.playback.steps, this.playback.step);
	}

	// The step, and what it answers.
	inView() {
		return [this.playback.step, ...this.questions()];
	}

	drawPacket() {
		if (this.isFollowing && this.frame !== null) {
			return; // it is on its way
		}
		this.options.map?.show(
			this.playback.step,
			this.playback.hop,
			this.share,
			this.isFollowing ? [...this.questions(), ...this.fresh] : this.questions(),
		);
	}

	// What stands on the map where: the call's ends, the node of the packet, the node where it
	// died.
	marks() {
		const {step, hop} = this.playback;
		const at = step?.hops?.length ? step.hops[hop].node : null;
		const isDead = step?.lost && hop === this.playback.lastHop();
		return {
			end: (this.cell.ends ?? []).map(end => end.name),
			at: at ? [at] : [step?.from, step?.to].filter(Boolean),
			dead: isDead ? [step.lost.node] : [],
		};
	}

	words() {
		const {step, hop} = this.playback;
		const {at, of} = this.playback.rank();
		const isEnd = hop === this.playback.lastHop();
		const isSecret = this.options.secret?.() ?? false;
		return [
			make(
				"p",
				{class: "place"},
				make("span", {class: `protocol ${step.protocol}`}, protocolWord(step.protocol)),
				make(
					"span",
					{class: `side ${step.side === "back" ? "back" : "there"}`},
					step.side === "back" ? "◇ " : "▶ ",
					endsWord(step),
					make("span", {class: "unseen"}, `, ${sideWord(step.side)}`),
				),
				make("span", {}, timeWord(step.t_us)),
				step.count > 1 ? make("span", {}, `${step.count} packets alike`) : null,
				make(
					"span",
					{class: "quiet"},
					`step ${at + 1} of ${of}`,
					step.hops?.length ? `, hop ${hop + 1} of ${step.hops.length}` : "",
				),
			),
			make(
				"p",
				{class: "sentence"},
				make("strong", {}, step.title ?? ""),
				step.text && !(isSecret && step.lost) ? `. ${step.text}` : "",
			),
			isEnd && step.lost ? lostBox(step.lost, isSecret) : null,
			hopLine(step, hop),
		];
	}

	draw() {
		const {step, hop, index} = this.playback;
		if (!step) {
			replaceContent(
				this.now,
				make(
					"p",
					{class: "sentence"},
					this.isOn
						? "The call is placed. Its packets come…"
						: this.cell.evidence === false
							? "No packets were kept of this scenario, so there is nothing to play."
							: "There is no step to show.",
				),
			);
			return;
		}
		this.drawPacket();
		this.options.map?.frameStep(this.inView());
		this.options.map?.mark(this.marks());
		replaceContent(this.now, this.words());
		replaceContent(
			this.headers,
			hopTable(step, hop, i => this.seek(index, i)),
		);
		this.range.value = String(index);
		this.range.setAttribute(
			"aria-valuetext",
			`${index + 1} of ${countWord(this.playback.steps.length, "step")}: ${step.title ?? ""}`,
		);
		this.strip.update();
		this.options.moved?.(index, hop);
	}
}
