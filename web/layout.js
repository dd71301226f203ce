// SPDX-License-Identifier: GPL-2.0-or-later
// Where things stand on the map.  Pure: the same network gives the same drawing.
//
// A frame too small for all that can be said gets a drawing that says less: first without
// addresses, then with names and what is wrong only; the rest is in a node's panel.
//
// Sites stand left and right, what belongs to no site (the Internet) between them.  Inside a site
// things stand in columns by their distance from the outside: gateways nearest to the middle, then
// their networks, then hosts.  A node's box holds all that is said of it (marks, addresses, what it
// lacks), so that no text lies on a line.  The drawing is 16:9.

import {joinThings} from "./lines.js";

const SMALL_TEXT = 17;
const TEXT_ROW = 21;
const MARGIN = 14;
const RATIO = 16 / 9;
const CARDS_MAX = 5; // a node with more addresses has them in its panel only

// How much is said, and how far apart it stands: `across` columns, `between` boxes of a column,
// from a site's `edge`, under its `title`, and `aside` the middle column; `name` is the names'
// size, `columns` of text in a line; a box is `least` wide and `head` high without lines, and a LAN
// `link` high for each of its links.
const PLANS = [
	{
		says: ["addresses", "marks", "networks"],
		...{across: 62, between: 22, edge: 20, title: 36, aside: 96},
		...{name: 21, columns: 28, least: 104, head: 38, link: 15},
	},
	{
		says: ["marks", "networks"],
		...{across: 46, between: 16, edge: 14, title: 34, aside: 70},
		...{name: 21, columns: 20, least: 84, head: 36, link: 12},
	},
	{
		says: ["networks"],
		...{across: 32, between: 12, edge: 10, title: 32, aside: 46},
		...{name: 21, columns: 15, least: 60, head: 34, link: 10},
	},
	{
		says: [],
		...{across: 30, between: 10, edge: 8, title: 30, aside: 44},
		...{name: 21, columns: 15, least: 50, head: 34, link: 9},
	},
	{
		says: [],
		...{across: 20, between: 7, edge: 5, title: 27, aside: 28},
		...{name: 17, columns: 13, least: 40, head: 28, link: 7},
	},
];
const BAR = 14; // how wide a LAN is of which nothing is said
export const LEVELS = PLANS.length;

export const widthOfText = (text, size) => text.length * size * 0.61;
const withoutPrefix = address => String(address).replace(/\/\d+$/, "");

// --- what a box says -----------------------------------------------------------------------------

const CONES = [
	[/^NAT: endpoint-independent mapping, endpoint-independent filtering$/, "NAT: full cone"],
	[/^NAT: endpoint-independent mapping, address-dependent filtering$/, "NAT: address-restricted"],
	[
		/^NAT: endpoint-independent mapping, address-and-port-dependent filtering$/,
		"NAT: port-restricted",
	],
	[/^NAT: address-and-port-dependent mapping.*$/, "NAT: symmetric"],
];

function markWords(mark) {
	const cone = CONES.find(([long]) => long.test(mark));
	return cone ? cone[1] : mark;
}

export function wrapText(text, columns) {
	const lines = [""];
	for (const word of String(text).split(/\s+/)) {
		const last = lines[lines.length - 1];
		if (last !== "" && last.length + 1 + word.length > columns) {
			lines.push(word);
		} else {
			lines[lines.length - 1] = last === "" ? word : `${last} ${word}`;
		}
	}
	return lines;
}

// Of a card without its address: what is wrong with it.
function troubleLines(node) {
	return (node.interfaces ?? []).flatMap(card => [
		...(card.up === false ? [{kind: "odd", text: `${card.name} (down)`}] : []),
		...(card.impair ? [{kind: "odd", text: `⚠ ${card.name}`}] : []),
	]);
}

function addressLines(node) {
	const cards = (node.interfaces ?? []).filter(card => (card.addresses ?? []).length > 0);
	if (cards.length > CARDS_MAX) {
		return [];
	}
	return cards.flatMap(card => {
		const more = card.addresses.length > 1 ? ` +${card.addresses.length - 1}` : "";
		const words = [
			cards.length > 1 ? `${card.name} ` : "",
			withoutPrefix(card.addresses[0]) + more,
			card.up === false ? " (down)" : "",
		].join("");
		const kind = card.up === false ? "odd" : "address";
		return [
			{kind, text: words},
			...(card.impair
				? wrapText(`⚠ ${card.impair}`, 26).map(text => ({kind: "odd", text}))
				: []),
		];
	});
}

// What a node does, in words.
function marksOf(node) {
	const marks = (node.marks ?? []).map(markWords);
	const isSaid =
		!node.role ||
		node.role.toLowerCase() === node.name.toLowerCase() ||
		["server", "client", ...marks].includes(node.role);
	return [...new Set([...(isSaid ? [] : [node.role]), ...marks])];
}

// Lines below the name, each with its kind.
function linesOf(node, missing, plan) {
	return [
		...(plan.says.includes("marks") ? marksOf(node) : [])
			.flatMap(word => wrapText(word, plan.columns - 2))
			.map(text => ({kind: "mark", text})),
		...(plan.says.includes("addresses") ? addressLines(node) : troubleLines(node)),
		...missing
			.flatMap(one => wrapText(`✗ ${one.text.replace(/ \(.*\)$/, "")}`, plan.columns))
			.map(text => ({kind: "missing", text})),
	];
}

// --- things and what joins them ------------------------------------------------------------------

function thingOfNode(node, missing, plan) {
	const lines = linesOf(node, missing, plan);
	const w = Math.ceil(
		Math.max(
			plan.least,
			widthOfText(node.name, plan.name) + (node.change ? 28 : 0) + plan.edge + 14,
			...lines.map(line => widthOfText(line.text, SMALL_TEXT) + 22),
		),
	);
	return {
		key: `node ${node.name}`,
		node,
		lines,
		nameSize: plan.name,
		acts: (node.role ?? "client") !== "client" || (node.marks ?? []).length > 0,
		site: node.site ?? null,
		w,
		h: plan.head + lines.length * TEXT_ROW,
		ends: [],
	};
}

function thingOfNetwork(network, siteOf, plan) {
	const sites = [...new Set((network.links ?? []).map(link => siteOf.get(link.node) ?? null))];
	const lines = [
		plan.says.includes("networks") ? network.name : null,
		plan.says.includes("marks") ? network.subnet : null,
		network.impair
			? plan.says.includes("addresses")
				? `⚠ ${network.impair}`
				: "⚠"
			: null,
	].filter(Boolean);
	const widths = lines.map(line => widthOfText(line, SMALL_TEXT) + plan.edge + 8);
	const w = Math.ceil(Math.max(BAR, ...widths));
	return {
		key: `network ${network.name}`,
		network,
		lines,
		site: sites.length === 1 ? sites[0] : null,
		w,
		h: Math.max(16 + lines.length * TEXT_ROW, 14 + plan.link * network.links.length),
		ends: [],
	};
}

// Pairs of things: a node and its LAN, or the two nodes of a line.
function collectThings(map, plan) {
	const siteOf = new Map(map.nodes.map(node => [node.name, node.site ?? null]));
	const things = new Map();
	for (const node of map.nodes) {
		const thing = thingOfNode(
			node,
			(map.missing ?? []).filter(one => one.node === node.name),
			plan,
		);
		things.set(thing.key, thing);
	}
	const joints = [];
	for (const network of map.networks) {
		const links = (network.links ?? []).filter(link => things.has(`node ${link.node}`));
		if (network.kind === "tunnel" || (links.length === 2 && network.kind !== "lan")) {
			for (let i = 1; i < links.length; i++) {
				joints.push({
					a: things.get(`node ${links[0].node}`),
					b: things.get(`node ${links[i].node}`),
					network,
					links: [links[0], links[i]],
				});
			}
		} else if (links.length > 0) {
			const thing = thingOfNetwork({...network, links}, siteOf, plan);
			things.set(thing.key, thing);
			links.forEach(link =>
				joints.push({a: things.get(`node ${link.node}`), b: thing, network, links: [link]}),
			);
		}
	}
	return {things: [...things.values()], joints: joints.filter(joint => joint.a !== joint.b)};
}

// --- columns of one site -------------------------------------------------------------------------

const neighboursOf = (thing, joints) =>
	joints.flatMap(joint => (joint.a === thing ? [joint.b] : joint.b === thing ? [joint.a] : []));
const mean = numbers => numbers.reduce((sum, number) => sum + number, 0) / numbers.length;

function columnsOf(things, joints) {
	const real = joints.filter(joint => joint.network.kind !== "tunnel");
	const inside = new Set(things);
	let front = things.filter(thing => neighboursOf(thing, real).some(other => !inside.has(other)));
	if (front.length === 0) {
		front = [...things]
			.sort((a, b) => neighboursOf(b, real).length - neighboursOf(a, real).length)
			.slice(0, 1);
	}
	const seen = new Set(front);
	const columns = [];
	while (front.length > 0) {
		columns.push(front);
		front = front
			.flatMap(thing => neighboursOf(thing, real))
			.filter(other => inside.has(other) && !seen.has(other) && seen.add(other));
	}
	const rest = things.filter(thing => !seen.has(thing));
	if (rest.length > 0) {
		columns.push(rest);
	}
	return columns;
}

// Each column in the order of what it is joined to in the column before, there and back.
function orderColumns(columns, joints) {
	const rank = new Map();
	const number = column =>
		column.forEach((thing, i) => rank.set(thing, (i + 0.5) / column.length));
	columns.forEach(number);
	for (let sweep = 0; sweep < 8; sweep++) {
		const order =
			sweep % 2 === 0
				? columns.map((column, i) => [column, columns[i - 1]])
				: columns.map((column, i) => [column, columns[i + 1]]).reverse();
		for (const [column, guide] of order.filter(pair => pair[1])) {
			const wish = new Map(
				column.map(thing => {
					const ranks = neighboursOf(thing, joints)
						.filter(other => guide.includes(other))
						.map(other => rank.get(other));
					return [thing, ranks.length > 0 ? mean(ranks) : rank.get(thing)];
				}),
			);
			column.sort((a, b) => wish.get(a) - wish.get(b));
			number(column);
		}
	}
}

// The tallest column stands evenly; the others as near to what they are joined to as their boxes
// let them.
function placeRows(columns, joints, spare, {between}) {
	const heightOf = column => column.reduce((sum, thing) => sum + thing.h + between, -between);
	const natural = Math.max(...columns.map(heightOf));
	const height = natural + spare;
	const tallest = columns.findIndex(column => heightOf(column) === natural);
	const placed = new Set();
	const order = [
		tallest,
		...columns
			.map((_, i) => i)
			.filter(i => i !== tallest)
			.sort((a, b) => Math.abs(a - tallest) - Math.abs(b - tallest)),
	];
	for (const i of order) {
		const column = columns[i];
		const gap = column.length > 1 ? (height - heightOf(column)) / column.length : 0;
		let free = 0;
		column.forEach((thing, k) => {
			const others = neighboursOf(thing, joints).filter(other => placed.has(other));
			const wish =
				others.length > 0
					? mean(others.map(other => other.y + other.h / 2)) - thing.h / 2
					: column.length === 1
						? (height - thing.h) / 2
						: free + (k === 0 ? gap / 2 : gap);
			thing.y = Math.max(free, wish);
			free = thing.y + thing.h + between;
		});
		let limit = height;
		[...column].reverse().forEach(thing => {
			thing.y = Math.min(thing.y, limit - thing.h);
			limit = thing.y - between;
		});
		column.forEach(thing => placed.add(thing));
	}
	return height;
}

function makeGroup({name, title}, things, joints, plan) {
	const columns = columnsOf(things, joints);
	orderColumns(columns, joints);
	const height = placeRows(columns, joints, 0, plan);
	const widths = columns.map(column => Math.max(...column.map(thing => thing.w)));
	const {across, edge} = plan;
	const natural = widths.reduce((sum, width) => sum + width + across, -across) + 2 * edge;
	const letter = widthOfText("x", plan.name);
	const titles = wrapText(title, Math.floor((natural - 28) / letter));
	return {
		name,
		title,
		titles,
		titleSize: plan.name,
		columns,
		joints,
		widths,
		w: Math.max(natural, ...titles.map(line => widthOfText(line, plan.name) + 28)),
		top: plan.title + (titles.length - 1) * (plan.name + 4),
		get h() {
			return this.rows + edge + this.top;
		},
		rows: height,
	};
}

// Columns from the middle outwards: to the left of it when the site stands left.
function placeGroup(group, x, y, isLeft, plan) {
	Object.assign(group, {x, y});
	let at = isLeft ? x + group.w - plan.edge : x + plan.edge;
	group.columns.forEach((column, i) => {
		const width = group.widths[i];
		const left = isLeft ? at - width : at;
		column.forEach(thing => {
			thing.x = left + (width - thing.w) / 2;
			thing.y += y + group.top;
		});
		at = isLeft ? left - plan.across : left + width + plan.across;
	});
}

// --- the whole -----------------------------------------------------------------------------------

// The largest site stands left; each of the others where there is more room.
function shareOut(groups, {between}) {
	const sides = {left: [], right: []};
	const height = side => side.reduce((sum, group) => sum + group.h + between, 0);
	const largest = groups.reduce(
		(best, group) => (best === null || group.h * group.w > best.h * best.w ? group : best),
		null,
	);
	for (const group of [largest, ...groups.filter(one => one !== largest)].filter(Boolean)) {
		const side =
			group === largest || height(sides.right) > height(sides.left)
				? sides.left
				: sides.right;
		side.push(group);
	}
	return sides;
}

// A part of the height that is to spare goes into the sites, the rest between them.
function stack(groups, height, {x, width, isLeft}, plan) {
	const natural = groups.reduce((sum, group) => sum + group.h, 0);
	for (const group of groups) {
		const spare = Math.max(0, Math.min(group.h, ((height - natural) / groups.length) * 0.55));
		placeRows(group.columns, group.joints, spare, plan);
		group.rows += spare;
	}
	const used = groups.reduce((sum, group) => sum + group.h, 0);
	const gap = groups.length > 0 ? (height - used) / (groups.length + 1) : 0;
	let y = gap;
	for (const group of groups) {
		placeGroup(group, isLeft ? x + width - group.w : x, MARGIN + y, isLeft, plan);
		y += group.h + gap;
	}
}

function stackCentre(things, joints, x, height) {
	const byLinks = [...things].sort(
		(a, b) => neighboursOf(b, joints).length - neighboursOf(a, joints).length,
	);
	const column = [];
	byLinks.forEach((thing, i) => (i % 2 === 0 ? column.push(thing) : column.unshift(thing)));
	// What is joined to the one in the middle stands under it rather than above, where tunnels
	// pass.
	if (column.length === 2) {
		column.reverse();
	}
	const used = column.reduce((sum, thing) => sum + thing.h, 0);
	const gap = Math.min(150, (height - used) / (column.length + 1));
	let y = MARGIN + (height - used - gap * (column.length - 1)) / 2;
	for (const thing of column) {
		thing.x = x - thing.w / 2;
		thing.y = y;
		y += thing.h + gap;
	}
}

// What two scenarios differ in is a lack only where this one has what the route would lead to.
const isLacking = (map, missing) =>
	["default", "0.0.0.0/0", "::/0"].includes(missing.to) ||
	map.networks.some(network => network.subnet === missing.to || network.subnet6 === missing.to);

// A map with places: sites, nodes (with their lines of text) and LANs as boxes, links as points.
// What is missing is part of its node's lines.  `level`: how much is said, from 0 (all) to
// LEVELS - 1; `ratio` of width and height.
export function layOutMap(whole, level = 0, ratio = RATIO) {
	const plan = PLANS[level];
	const map = {...whole, missing: (whole.missing ?? []).filter(one => isLacking(whole, one))};
	const {things, joints} = collectThings(map, plan);
	const names = [...new Set(things.map(thing => thing.site))].filter(name => name !== null);
	const titleOf = name => (map.sites ?? []).find(site => site.name === name)?.title ?? name;
	const groups = names.map(name =>
		makeGroup(
			{name, title: titleOf(name)},
			things.filter(thing => thing.site === name),
			joints,
			plan,
		),
	);
	const centre = things.filter(thing => thing.site === null);
	const sides = shareOut(groups, plan);
	const widthOf = side => Math.max(0, ...side.map(group => group.w));
	const {between} = plan;
	const heightOf = side => side.reduce((sum, group) => sum + group.h + between, between);
	const labels = map.networks
		.filter(network => network.kind === "tunnel")
		.map(
			network =>
				Math.max(
					widthOfText(network.name, SMALL_TEXT),
					widthOfText(network.backend ?? network.subnet ?? "", SMALL_TEXT),
				) - plan.aside,
		);
	const centreWidth = Math.max(60, ...centre.map(thing => thing.w), ...labels) + 2 * plan.aside;
	const natural = {
		w: widthOf(sides.left) + centreWidth + widthOf(sides.right) + 2 * MARGIN,
		h:
			Math.max(
				heightOf(sides.left),
				heightOf(sides.right),
				centre.reduce((sum, thing) => sum + thing.h + 60, 0),
			) +
			2 * MARGIN,
	};
	const width = Math.ceil(Math.max(natural.w, natural.h * ratio));
	const height = Math.ceil(width / ratio);
	const spare = width - natural.w;
	const centreX = MARGIN + widthOf(sides.left) + (centreWidth + spare) / 2;
	stack(
		sides.left,
		height - 2 * MARGIN,
		{x: MARGIN, width: widthOf(sides.left), isLeft: true},
		plan,
	);
	stack(
		sides.right,
		height - 2 * MARGIN,
		{
			x: width - MARGIN - widthOf(sides.right),
			width: widthOf(sides.right),
			isLeft: false,
		},
		plan,
	);
	stackCentre(centre, joints, centreX, height - 2 * MARGIN);
	const points = joinThings(things, joints, centre, centreX);
	const boxOf = thing => ({x: thing.x, y: thing.y, w: thing.w, h: thing.h, lines: thing.lines});
	return {
		...map,
		width,
		height,
		sites: groups.map(group => ({
			name: group.name,
			title: group.title,
			titles: group.titles,
			titleSize: group.titleSize,
			x: group.x,
			y: group.y,
			w: group.w,
			h: group.h,
		})),
		nodes: things
			.filter(thing => thing.node)
			.map(thing => ({
				...thing.node,
				...boxOf(thing),
				nameSize: thing.nameSize,
				acts: thing.acts,
			})),
		networks: map.networks.map(network => {
			const thing = things.find(
				one => one.network === network || one.key === `network ${network.name}`,
			);
			return {
				...network,
				points: [],
				...(thing ? {...boxOf(thing), kind: "lan"} : {x: undefined, w: undefined}),
				links: (network.links ?? []).map(link => ({
					...link,
					points: points.get(link) ?? [],
				})),
			};
		}),
	};
}
