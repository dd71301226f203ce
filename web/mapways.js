// SPDX-License-Identifier: GPL-2.0-or-later
// What moves on the map: a packet, its way, the ways that it answers, and the words where it dies.

import {makeSvg, replaceContent} from "./dom.js";
import {beginningOf, centreOf, lengthOf, pathData, placeAlong} from "./geometry.js";
import {toTheRight, wayBetween} from "./geometry.js";
import {widthOfText, wrapText} from "./layout.js";
import {ASIDE, NAME_SIZE, plate, Room} from "./mapdraw.js";

const BEFORE = 18; // a packet stands this far before its node, so that the name can be read

// The caller's packets are filled arrows on a full line, the callee's hollow diamonds on a broken
// one; a dead one is a crossed disc.
export function packetShape(side, hop, isDead) {
	if (isDead) {
		return [
			makeSvg("circle", {class: "body", r: 17}),
			makeSvg("path", {class: "cross", d: "M-8 -8 L8 8 M8 -8 L-8 8"}),
		];
	}
	const shape =
		side === "back" ? "M-16 0 L0 -13 L16 0 L0 13 Z" : "M-15 -12 L3 -12 L17 0 L3 12 L-15 12 Z";
	return [
		hop?.outer
			? makeSvg("rect", {class: "envelope", x: -27, y: -21, width: 54, height: 42, rx: 12})
			: null,
		makeSvg("path", {class: "body", d: shape}),
	];
}

// Of several sentences the last: it says why.
function shortReason(text) {
	const sentences = text.split(/\. (?=[A-Z])/);
	return sentences[sentences.length - 1].replace(/ \([^()]*\)\.?$/, "").replace(/\.$/, "");
}

export class Ways {
	constructor(map, links, isSecret) {
		Object.assign(this, {map, links, isSecret, at: null}); // at: where the packet stands
		this.trails = makeSvg("g", {class: "trails", "aria-hidden": "true"});
		this.packet = makeSvg("g", {class: "packet", "aria-hidden": "true"});
		this.callout = makeSvg("g", {class: "callout", "aria-hidden": "true"});
	}

	// The ways between the step's sightings, moved aside; null for those that nobody saw.
	between(step) {
		const hops = step.hops ?? [];
		return hops.slice(1).map((hop, i) => {
			const way = wayBetween(this.links, hops[i], hop);
			return way && hops[i].node !== hop.node ? toTheRight(way, ASIDE) : way;
		});
	}

	standing(step, hop, ways) {
		const at = step.hops[hop];
		if (hop > 0 && ways[hop - 1]?.length > 1) {
			const isInside = step.hops[hop - 1].node === at.node;
			return placeAlong(ways[hop - 1], isInside ? 1 : 1 - BEFORE / lengthOf(ways[hop - 1]));
		}
		if (ways[hop]?.length > 1) {
			return placeAlong(ways[hop], BEFORE / lengthOf(ways[hop]));
		}
		const points = this.links.get(`${at.node}\n${at.iface}`)?.points ?? [];
		const node = this.map.nodes.find(one => one.name === at.node);
		if (points.length > 1) {
			return placeAlong(points, BEFORE / lengthOf(points));
		}
		return node ? {x: centreOf(node)[0], y: centreOf(node)[1], angle: 0} : null;
	}

	trail(step, ways, upTo, share, kind) {
		return ways.slice(0, upTo + (share > 0 ? 1 : 0)).map((way, i) => {
			if (!way || way.length < 2) {
				return null;
			}
			const part = i === upTo ? beginningOf(way, share) : way;
			return makeSvg("path", {
				class: [
					"trail",
					step.side === "back" ? "back" : "there",
					step.hops[i + 1].outer && "wrapped",
					kind,
				]
					.filter(Boolean)
					.join(" "),
				d: pathData(part),
			});
		});
	}

	// The packet at a hop, or a share of the way to the next one; `questions` are the steps that
	// this one answers.
	show(step, hop, share, questions) {
		const hops = step?.hops ?? [];
		if (hops.length === 0) {
			replaceContent(
				this.trails,
				questions.map(question =>
					this.trail(
						question,
						this.between(question),
						(question.hops ?? []).length,
						0,
						"asked",
					),
				),
			);
			this.showUnseen(step);
			return;
		}
		const ways = this.between(step);
		const isEnd = hop === hops.length - 1 && share === 0;
		const isDead = isEnd && step.lost;
		replaceContent(
			this.trails,
			questions.map(question => {
				const asked = this.between(question);
				return this.trail(question, asked, asked.length, 0, "asked");
			}),
			this.trail(step, ways, hop, share, isDead ? "dead" : null),
		);
		const at =
			share > 0 && ways[hop] ? placeAlong(ways[hop], share) : this.standing(step, hop, ways);
		this.at = at;
		if (!at) {
			replaceContent(this.packet);
			return;
		}
		this.packet.setAttribute(
			"class",
			["packet", step.side === "back" ? "back" : "there", isDead && "dead"]
				.filter(Boolean)
				.join(" "),
		);
		this.packet.setAttribute(
			"transform",
			`translate(${at.x.toFixed(1)} ${at.y.toFixed(1)}) ` +
				`rotate(${isDead ? 0 : at.angle.toFixed(0)})`,
		);
		replaceContent(
			this.packet,
			packetShape(step.side, hops[share > 0 ? hop + 1 : hop], isDead),
		);
		replaceContent(
			this.callout,
			isDead && step.lost.text ? this.deathWords(step.lost, at) : null,
		);
	}

	// A packet that nobody captured: at its node, when it was lost there; else nowhere.
	showUnseen(step) {
		const node = step?.lost ? this.map.nodes.find(one => one.name === step.lost.node) : null;
		const points =
			node && step.lost.iface
				? (this.links.get(`${node.name}\n${step.lost.iface}`)?.points ?? [])
				: [];
		const at =
			points.length > 1
				? placeAlong(points, BEFORE / lengthOf(points))
				: node
					? {x: node.x + node.w, y: node.y}
					: null;
		this.at = at;
		replaceContent(this.packet, at ? packetShape(step.side, null, true) : null);
		if (at) {
			this.packet.setAttribute("class", "packet dead");
			this.packet.setAttribute(
				"transform",
				`translate(${at.x.toFixed(1)} ${at.y.toFixed(1)})`,
			);
		}
		replaceContent(this.callout, at && step.lost.text ? this.deathWords(step.lost, at) : null);
	}

	// As near to the node where it dies as can be without covering another one.
	deathWords(lost, at) {
		const node = this.map.nodes.find(one => one.name === lost.node) ?? {
			x: at.x,
			y: at.y,
			w: 0,
			h: 0,
		};
		const words = this.isSecret ? "It ends here" : shortReason(lost.text);
		const lines = wrapText(`✗ ${words}`, 34);
		const size = node.nameSize ?? NAME_SIZE;
		const w = Math.max(...lines.map(line => widthOfText(line, size))) + 12;
		const h = lines.length * (size + 4) + 4;
		const [cx, cy] = centreOf(node);
		const places = [];
		for (let gap = 24; gap < 500; gap += 34) {
			for (const aside of [0, -0.35, 0.35, -0.7, 0.7]) {
				places.push(
					[cx + aside * w, node.y + node.h + h / 2 + gap],
					[cx + aside * w, node.y - h / 2 - gap],
					[node.x + node.w + w / 2 + gap, cy + aside * h],
					[node.x - w / 2 - gap, cy + aside * h],
				);
			}
		}
		const lans = new Room(this.map).place(w, h, places.slice(0, 60));
		const [x, y] =
			lans ?? new Room({...this.map, networks: [], sites: []}).least(w, h, places);
		const from =
			Math.abs(y - cy) > node.h / 2
				? [cx, y > cy ? node.y + node.h : node.y]
				: [x > cx ? node.x + node.w : node.x, cy];
		return [
			makeSvg("path", {class: "pointer", d: `M${from[0]} ${from[1]} L${x} ${y}`}),
			plate("death", lines, x, y, size),
		];
	}
}
