// SPDX-License-Identifier: GPL-2.0-or-later
// What part of the map is shown: zoom, pan, and the view that follows a packet.

import {reducedMotion} from "./dom.js";
import {SMALL_SIZE} from "./mapdraw.js";

const TEXT_MIN = 14.05; // pixels that a text needs on a projector
const MOVE_MS = 300; // how long the view takes to another place

export class View {
	constructor(svg, map) {
		Object.assign(this, {svg, map, frameRequest: null, isWhole: true});
		this.fit();
	}

	// Of the frame that the drawing fills; before it stands in the page, the drawing's own.
	shape() {
		const {clientWidth, clientHeight} = this.svg;
		return clientWidth > 0 && clientHeight > 0
			? clientHeight / clientWidth
			: this.map.height / this.map.width;
	}

	// How much of the drawing's width can be shown with its smallest text at TEXT_MIN pixels.
	readableWidth() {
		return this.svg.clientWidth > 0
			? (this.svg.clientWidth * SMALL_SIZE) / TEXT_MIN
			: this.map.width;
	}

	isReadable(map = this.map) {
		return Math.max(map.width, map.height / this.shape()) <= this.readableWidth();
	}

	// The view's place; inside the drawing as far as the frame's shape lets it.
	apply() {
		const {map} = this;
		const shape = this.shape();
		const most = Math.max(map.width, map.height / shape);
		this.w = Math.min(most, Math.max(map.width / 12, this.w));
		this.h = this.w * shape;
		const inside = (at, size, all) =>
			size >= all ? (all - size) / 2 : Math.min(all - size, Math.max(0, at));
		this.x = inside(this.x, this.w, map.width);
		this.y = inside(this.y, this.h, map.height);
		this.svg.setAttribute(
			"viewBox",
			[this.x, this.y, this.w, this.h].map(number => number.toFixed(1)).join(" "),
		);
	}

	fit() {
		this.stop();
		this.isWhole = true;
		Object.assign(this, {x: 0, y: 0, w: Infinity});
		this.apply();
	}

	resized() {
		if (this.isWhole) {
			this.fit();
		} else {
			this.apply();
		}
	}

	// Shares of the view say which place stays where it is.
	zoom(factor, shareX = 0.5, shareY = 0.5) {
		this.stop();
		this.isWhole = false;
		const [x, y] = [this.x + this.w * shareX, this.y + this.h * shareY];
		const most = Math.max(this.map.width, this.map.height / this.shape());
		this.w = Math.min(most, Math.max(this.map.width / 12, this.w / factor));
		this.x = x - this.w * shareX;
		this.y = y - this.w * this.shape() * shareY;
		this.apply();
	}

	// Shows some boxes, as near as their text needs to be read; when that is too near for all of
	// them, the place `at` and what is around it.
	frame(boxes, at, margin = 70) {
		if (boxes.length === 0) {
			return;
		}
		const left = Math.min(...boxes.map(box => box.x)) - margin;
		const top = Math.min(...boxes.map(box => box.y)) - margin;
		const right = Math.max(...boxes.map(box => box.x + box.w)) + margin;
		const bottom = Math.max(...boxes.map(box => box.y + box.h)) + margin;
		const shape = this.shape();
		const w = Math.min(
			Math.max(right - left, (bottom - top) / shape, this.map.width / 3),
			this.readableWidth(),
		);
		const between = (middle, low, high, size, point) =>
			high - low <= size
				? middle
				: Math.min(high - size / 2, Math.max(low + size / 2, point));
		const x = between((left + right) / 2, left, right, w, at?.x ?? (left + right) / 2) - w / 2;
		const y =
			between((top + bottom) / 2, top, bottom, w * shape, at?.y ?? (top + bottom) / 2) -
			(w * shape) / 2;
		this.moveTo({x, y, w});
	}

	// At once, or so that the eye can follow.
	moveTo(place) {
		this.stop();
		this.isWhole = false;
		if (reducedMotion()) {
			Object.assign(this, place);
			this.apply();
			return;
		}
		const from = {x: this.x, y: this.y, w: this.w};
		const began = performance.now();
		const tick = now => {
			const share = Math.min(1, Math.max(0, (now - began) / MOVE_MS));
			const eased = share * (2 - share);
			for (const name of ["x", "y", "w"]) {
				this[name] = from[name] + (place[name] - from[name]) * eased;
			}
			this.apply();
			this.frameRequest = share < 1 ? requestAnimationFrame(tick) : null;
		};
		this.frameRequest = requestAnimationFrame(tick);
	}

	stop() {
		if (this.frameRequest !== null) {
			cancelAnimationFrame(this.frameRequest);
		}
		this.frameRequest = null;
	}

	pan(byX, byY) {
		this.stop();
		this.isWhole = false;
		this.x += byX * this.w;
		this.y += byY * this.h;
		this.apply();
	}
}

export function handlePointer(svg, view, byHand) {
	let from = null;
	svg.addEventListener(
		"wheel",
		event => {
			event.preventDefault();
			const box = svg.getBoundingClientRect();
			byHand(() =>
				view.zoom(
					event.deltaY < 0 ? 1.2 : 1 / 1.2,
					(event.clientX - box.x) / box.width,
					(event.clientY - box.y) / box.height,
				),
			);
		},
		{passive: false},
	);
	svg.addEventListener("pointerdown", event => {
		from = {x: event.clientX, y: event.clientY};
	});
	svg.addEventListener("pointermove", event => {
		if (!from || event.buttons === 0) {
			from = null;
			return;
		}
		const box = svg.getBoundingClientRect();
		const [byX, byY] = [
			(from.x - event.clientX) / box.width,
			(from.y - event.clientY) / box.height,
		];
		byHand(() => view.pan(byX, byY));
		from = {x: event.clientX, y: event.clientY};
	});
	svg.addEventListener("pointerup", () => {
		from = null;
	});
}
