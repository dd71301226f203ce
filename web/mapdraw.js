// SPDX-License-Identifier: GPL-2.0-or-later
// What stands still on the map: sites, links, tunnels, networks, nodes, and the labels' places.

import {makeSvg} from "./dom.js";
import {centreOf, pathData, placeAlong, toTheRight, wayBetween} from "./geometry.js";
import {widthOfText} from "./layout.js";

export const NAME_SIZE = 21;
export const SMALL_SIZE = 17;
const LINE_HEIGHT = 21;
export const ASIDE = 7; // a way runs this far to the right of its line

// Lines of text on a plate, whose middle is (x, y).
export function plate(kind, lines, x, y, size = SMALL_SIZE) {
	const width = Math.max(...lines.map(line => widthOfText(line, size))) + 12;
	const height = lines.length * (size + 4) + 4;
	return makeSvg(
		"g",
		{class: `plate ${kind}`},
		makeSvg("rect", {x: x - width / 2, y: y - height / 2, width, height, rx: 4}),
		lines.map((line, i) =>
			makeSvg(
				"text",
				{
					x,
					y: y - height / 2 + size + 1 + i * (size + 4),
					"text-anchor": "middle",
					"font-size": size,
				},
				line,
			),
		),
	);
}

const titlesOf = site => site.titles ?? [site.title ?? site.name];
const sizeOf = site => site.titleSize ?? NAME_SIZE;

export function drawSite(site) {
	return makeSvg(
		"g",
		{class: "site"},
		makeSvg("rect", {x: site.x, y: site.y, width: site.w, height: site.h, rx: 14}),
		titlesOf(site).map((line, i) =>
			makeSvg(
				"text",
				{
					x: site.x + 14,
					y: site.y + 5 + sizeOf(site) + i * (sizeOf(site) + 4),
					"font-size": sizeOf(site),
				},
				line,
			),
		),
	);
}

const changeMark = change => ({added: "+ ", removed: "− ", changed: "± "})[change] ?? "";

export function drawLinks(network) {
	const kind = ["link", network.kind, network.change];
	return makeSvg(
		"g",
		{class: kind.filter(Boolean).join(" ")},
		(network.points ?? []).length > 1 &&
			Array.isArray(network.points[0]) &&
			network.kind === "tunnel" &&
			!(network.links ?? []).some(link => link.points?.length > 1)
			? makeSvg("path", {d: pathData(network.points)})
			: null,
		(network.links ?? [])
			.filter(link => link.points?.length > 1)
			.map(link => makeSvg("path", {d: pathData(link.points)})),
	);
}

function networkWords(network) {
	const words = [changeMark(network.change) + network.name, network.subnet, network.backend];
	return words.filter(Boolean).join(" ");
}

export function drawNetwork(network) {
	if (network.kind !== "lan" || typeof network.w !== "number") {
		return null;
	}
	return makeSvg(
		"g",
		{class: ["network", network.change].filter(Boolean).join(" ")},
		makeSvg("rect", {
			x: network.x,
			y: network.y,
			width: network.w,
			height: network.h,
			rx: Math.min(18, network.h / 2, network.w / 2),
		}),
		network.impair && !network.lines
			? plate(
					"impair",
					[`⚠ ${network.impair}`],
					network.x + network.w / 2,
					network.y + network.h + 14,
				)
			: null,
	);
}

// Over the ways of packets, because it is text.
export function drawNetworkName(network) {
	if (network.kind !== "lan" || typeof network.w !== "number") {
		return null;
	}
	const lines = network.lines ?? [networkWords(network)];
	if (lines.length === 0) {
		return null;
	}
	const top = network.y + network.h / 2 - (lines.length * LINE_HEIGHT) / 2;
	const width = Math.max(...lines.map(line => widthOfText(line, SMALL_SIZE)));
	return makeSvg(
		"g",
		{class: "network-name"},
		makeSvg("rect", {
			x: network.x + (network.w - width) / 2 - 3,
			y: top,
			width: width + 6,
			height: lines.length * LINE_HEIGHT,
			rx: 5,
		}),
		lines.map((line, i) =>
			makeSvg(
				"text",
				{
					class: i === 0 ? null : "small",
					x: network.x + network.w / 2,
					y: top + (i + 0.78) * LINE_HEIGHT,
					"text-anchor": "middle",
					"font-size": SMALL_SIZE,
				},
				i === 0 ? changeMark(network.change) + line : line,
			),
		),
	);
}

export function drawNode(node, choose) {
	const lines =
		node.lines ??
		[...(node.role ? [node.role] : []), ...(node.marks ?? [])].map(text => ({
			kind: "mark",
			text,
		}));
	const [x] = centreOf(node);
	const top = node.y + (node.h - lines.length * LINE_HEIGHT - 24) / 2;
	const open = () => choose(node.name);
	return makeSvg(
		"g",
		{
			class: ["node", node.change, (node.acts ?? lines.length > 0) && "acts"]
				.filter(Boolean)
				.join(" "),
			"data-node": node.name,
			role: "button",
			"aria-label": [
				changeMark(node.change) + node.name,
				...lines.map(line => line.text),
				node.change,
			]
				.filter(Boolean)
				.join(" "),
			on: {
				click: open,
				keydown: event => {
					if (event.key === "Enter" || event.key === " ") {
						event.preventDefault();
						event.stopPropagation();
						open();
					}
				},
			},
		},
		makeSvg("rect", {x: node.x, y: node.y, width: node.w, height: node.h, rx: 9}),
		makeSvg(
			"text",
			{
				class: "name",
				x,
				y: top + 18,
				"text-anchor": "middle",
				"font-size": node.nameSize ?? NAME_SIZE,
			},
			changeMark(node.change) + node.name,
		),
		lines.map((line, i) =>
			makeSvg(
				"text",
				{
					class: line.kind,
					x,
					y: top + 18 + (i + 1) * LINE_HEIGHT,
					"text-anchor": "middle",
					"font-size": SMALL_SIZE,
					...(widthOfText(line.text, SMALL_SIZE) > node.w - 8
						? {textLength: node.w - 12, lengthAdjust: "spacingAndGlyphs"}
						: {}),
				},
				" ",
				line.text,
			),
		),
	);
}

// Boxes that labels must leave free; place() gives the first of some places that is free, or null.
export class Room {
	constructor(map) {
		this.map = map;
		this.taken = map.nodes.map(({x, y, w, h}) => ({x, y, w, h}));
		for (const network of map.networks) {
			if (network.kind === "lan" && typeof network.w === "number") {
				this.taken.push({x: network.x, y: network.y, w: network.w, h: network.h});
			}
		}
		for (const site of map.sites ?? []) {
			this.taken.push({
				x: site.x,
				y: site.y,
				w: Math.max(...titlesOf(site).map(line => widthOfText(line, sizeOf(site)))) + 20,
				h: 10 + titlesOf(site).length * (sizeOf(site) + 4),
			});
		}
	}

	// Of some places the one that covers least; all are moved inside the map.
	least(w, h, places) {
		const {width, height} = this.map;
		const inside = (at, size, all) => Math.max(size / 2, Math.min(all - size / 2, at));
		const share = (a, aSize, b, bSize) =>
			Math.max(0, Math.min(a + aSize, b + bSize) - Math.max(a, b));
		let best = null;
		for (const [atX, atY] of places) {
			const [x, y] = [inside(atX, w, width), inside(atY, h, height)];
			const covered = this.taken.reduce(
				(sum, one) =>
					sum + share(x - w / 2, w, one.x, one.w) * share(y - h / 2, h, one.y, one.h),
				0,
			);
			if (!best || covered < best.covered) {
				best = {covered, at: [x, y]};
			}
		}
		return best.at;
	}

	place(w, h, places) {
		for (const [x, y] of places) {
			const box = {x: x - w / 2, y: y - h / 2, w, h};
			const isInside =
				box.x >= 0 &&
				box.y >= 0 &&
				box.x + w <= this.map.width &&
				box.y + h <= this.map.height;
			if (
				isInside &&
				!this.taken.some(
					other =>
						box.x < other.x + other.w &&
						other.x < box.x + w &&
						box.y < other.y + other.h &&
						other.y < box.y + h,
				)
			) {
				this.taken.push(box);
				return [x, y];
			}
		}
		return null;
	}

	plate(kind, lines, places) {
		const w = Math.max(...lines.map(line => widthOfText(line, SMALL_SIZE))) + 12;
		const h = lines.length * (SMALL_SIZE + 4) + 4;
		const at = this.place(w, h, places(w, h));
		return at ? plate(kind, lines, ...at) : null;
	}
}

function middleOf(network) {
	const ends = (network.links ?? [])
		.map(link => link.points?.[link.points.length - 1])
		.filter(Boolean);
	return Array.isArray(network.points?.[0])
		? placeAlong(network.points, 0.5)
		: {x: ends[0]?.[0] ?? 0, y: ends[0]?.[1] ?? 0};
}

// Tunnels and impaired lines are named; an ordinary line between two routers has its addresses at
// its ends.
export function drawLineLabels(map, room) {
	return map.networks
		.filter(
			network =>
				network.kind === "tunnel" ||
				(network.kind === "line" && (network.impair || network.change)),
		)
		.map(network => {
			const words = [
				changeMark(network.change) + network.name,
				network.backend ?? network.subnet,
				...(network.impair ? [`⚠ ${network.impair}`] : []),
			].filter(Boolean);
			const {x, y} = middleOf(network);
			return room.plate(network.kind, words, (w, h) => [
				[x, y],
				[x, y - h / 2 - 8],
				[x, y + h / 2 + 8],
				[x + w / 2, y],
				[x - w / 2, y],
			]);
		});
}

// A route that another scenario has: a broken line to the next hop that it would name, crossed.
export function drawMissing(map, links) {
	return (map.missing ?? []).map(missing => {
		const hop = map.nodes
			.flatMap(node =>
				(node.interfaces ?? []).map(card => ({node: node.name, iface: card.name, card})),
			)
			.find(one =>
				(one.card.addresses ?? []).some(
					address => String(address).replace(/\/\d+$/, "") === missing.via,
				),
			);
		const own = (map.nodes.find(node => node.name === missing.node)?.interfaces ?? []).find(
			card => hop && card.network === hop.card.network,
		);
		const way = own ? wayBetween(links, {node: missing.node, iface: own.name}, hop) : null;
		if (!way || way.length < 2) {
			return null;
		}
		const aside = toTheRight(way, ASIDE + 3);
		const {x, y} = placeAlong(aside, 0.18);
		return makeSvg(
			"g",
			{class: "missing-way"},
			makeSvg("path", {d: pathData(aside)}),
			makeSvg("path", {class: "cross", d: `M${x - 10} ${y - 10} l20 20 m0 -20 l-20 20`}),
		);
	});
}
