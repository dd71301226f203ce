// SPDX-License-Identifier: GPL-2.0-or-later
// Where the player stands in a cell's steps.  Pure: no document, no clock; the player moves it.
//
// A place is a step and a hop of it.  A step without hops (nothing was captured) has the one hop 0.

export class Playback {
	constructor(steps) {
		this.steps = steps;
		this.hidden = new Set();
		this.index = Math.max(
			0,
			steps.findIndex(step => step.phase !== "sign-in"),
		);
		this.hop = this.lastHop();
	}

	get step() {
		return this.steps[this.index] ?? null;
	}

	lastHop() {
		return Math.max(0, (this.step?.hops?.length ?? 0) - 1);
	}

	isShown(step) {
		return !this.hidden.has(step.protocol);
	}

	// Of the steps that the filter leaves: their indices.
	shown() {
		return this.steps.flatMap((step, i) => (this.isShown(step) ? [i] : []));
	}

	// The place of the step among those shown: 3 of 17.
	rank() {
		const shown = this.shown();
		return {
			at: Math.max(
				0,
				shown.findIndex(i => i >= this.index),
			),
			of: shown.length,
		};
	}

	seek(index, hop = null) {
		if (index < 0 || index >= this.steps.length) {
			return false;
		}
		this.index = index;
		this.hop = hop === null ? this.lastHop() : Math.min(Math.max(0, hop), this.lastHop());
		return true;
	}

	// Other steps, while a call goes on: the place stays, as far as it exists.
	replaceSteps(steps) {
		this.steps = steps;
		this.index = Math.min(this.index, Math.max(0, steps.length - 1));
		this.hop = Math.min(this.hop, this.lastHop());
	}

	// The newest step that the filter shows, at its end; false: none.
	seekNewest() {
		const shown = this.shown();
		return shown.length > 0 && this.seek(shown[shown.length - 1]);
	}

	// The next step (or, -1, the one before) that the filter shows; from its beginning, or at its
	// end.
	moveStep(by, hop = null) {
		for (let i = this.index + by; i >= 0 && i < this.steps.length; i += by) {
			if (this.isShown(this.steps[i])) {
				return this.seek(i, hop);
			}
		}
		return false;
	}

	moveHop(by) {
		const to = this.hop + by;
		if (to >= 0 && to <= this.lastHop()) {
			this.hop = to;
			return true;
		}
		return by > 0 ? this.moveStep(1, 0) : this.moveStep(-1, null);
	}

	setHidden(protocols) {
		this.hidden = new Set(protocols);
		if (this.step && !this.isShown(this.step) && !this.moveStep(1)) {
			this.moveStep(-1);
		}
	}

	protocols() {
		return [...new Set(this.steps.map(step => step.protocol))];
	}

	phases() {
		return [...new Set(this.steps.map(step => step.phase))];
	}

	// The first step that begins a phase, or that is lost; the next one behind this place, if there
	// are several.
	findStep(matches) {
		const later = this.steps.findIndex(
			(step, i) => i > this.index && this.isShown(step) && matches(step),
		);
		return later >= 0
			? later
			: this.steps.findIndex(step => this.isShown(step) && matches(step));
	}
}

export const isLost = step => Boolean(step?.lost);

// What a step answers: as the story says; for an answer that nobody captured the last packet that
// came the other way.
export function questionsOf(steps, step) {
	const told = steps.filter(one => (step?.related ?? []).includes(one.n));
	if (told.length > 0 || !step?.lost || (step.hops ?? []).length > 0) {
		return told;
	}
	const before = steps.slice(0, steps.indexOf(step)).reverse();
	return before
		.filter(
			one =>
				one.from === step.to &&
				one.to === step.from &&
				one.protocol === step.protocol &&
				(one.hops ?? []).length > 0,
		)
		.slice(0, 1);
}
