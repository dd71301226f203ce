// SPDX-License-Identifier: GPL-2.0-or-later
// Ways on the map, as lists of points.  Pure: no document, no time.
//
// Each interface has a link: points from its node to its network.  A packet that leaves one node by
// an interface and is seen entering another node by an interface of the same network takes the
// first link, and the second one backwards. Between two sightings that no network joins nothing was
// seen, and nothing is drawn.

const distance = ([ax, ay], [bx, by]) => Math.hypot(bx - ax, by - ay);
export const centreOf = box => [box.x + box.w / 2, box.y + box.h / 2];

// The links of a map by node and interface: {network, points from the node outwards}.
export function linksOf(map) {
	const nodes = new Map(map.nodes.map(node => [node.name, node]));
	const links = new Map();
	for (const network of map.networks) {
		for (const link of network.links ?? []) {
			const node = nodes.get(link.node);
			let points = (link.points ?? []).filter(point => Array.isArray(point));
			if (
				node &&
				points.length > 1 &&
				distance(points[0], centreOf(node)) >
					distance(points[points.length - 1], centreOf(node))
			) {
				points = [...points].reverse();
			}
			links.set(`${link.node}\n${link.iface}`, {
				network,
				points: node ? outside(points, node) : points,
			});
		}
	}
	return links;
}

// Where a link leaves the box of its node: its points from there on.
function outside(points, box) {
	const isInside = ([x, y]) => x > box.x && x < box.x + box.w && y > box.y && y < box.y + box.h;
	const first = points.findIndex(point => !isInside(point));
	if (first <= 0) {
		return first < 0 ? [] : points;
	}
	const [inner, outer] = [points[first - 1], points[first]];
	const shares = [
		[box.x, 0],
		[box.x + box.w, 0],
		[box.y, 1],
		[box.y + box.h, 1],
	]
		.map(([border, axis]) => (border - inner[axis]) / (outer[axis] - inner[axis] || Infinity))
		.filter(share => share > 0 && share <= 1);
	const share = Math.min(1, ...shares);
	return [
		[inner[0] + (outer[0] - inner[0]) * share, inner[1] + (outer[1] - inner[1]) * share],
		...points.slice(first),
	];
}

// From one sighting to the next: points, or null where the map knows no way.
export function wayBetween(links, from, to) {
	const leaving = links.get(`${from.node}\n${from.iface}`)?.points ?? [];
	const entering = links.get(`${to.node}\n${to.iface}`)?.points ?? [];
	if (leaving.length === 0 || entering.length === 0) {
		return null;
	}
	if (from.node === to.node) {
		return [leaving[0], entering[0]];
	}
	if (
		links.get(`${from.node}\n${from.iface}`).network !==
		links.get(`${to.node}\n${to.iface}`).network
	) {
		return null;
	}
	return withoutTwins([...leaving, ...[...entering].reverse()]);
}

function withoutTwins(points) {
	return points.filter((point, i) => i === 0 || distance(point, points[i - 1]) > 0.5);
}

// The points moved to the right of the direction of travel: a question and its answer run side by
// side.
export function toTheRight(points, by) {
	if (points.length < 2) {
		return points;
	}
	return points.map((point, i) => {
		const before = points[Math.max(0, i - 1)];
		const after = points[Math.min(points.length - 1, i + 1)];
		const length = distance(before, after) || 1;
		return [
			point[0] - ((after[1] - before[1]) / length) * by,
			point[1] + ((after[0] - before[0]) / length) * by,
		];
	});
}

export function lengthOf(points) {
	return points.slice(1).reduce((sum, point, i) => sum + distance(points[i], point), 0);
}

// Where one is after a share of the way, and the direction in degrees.
export function placeAlong(points, share) {
	let left = lengthOf(points) * Math.min(1, Math.max(0, share));
	for (let i = 1; i < points.length; i++) {
		const [a, b] = [points[i - 1], points[i]];
		const length = distance(a, b);
		if (left <= length || i === points.length - 1) {
			const part = length === 0 ? 0 : Math.min(1, left / length);
			return {
				x: a[0] + (b[0] - a[0]) * part,
				y: a[1] + (b[1] - a[1]) * part,
				angle: (Math.atan2(b[1] - a[1], b[0] - a[0]) * 180) / Math.PI,
			};
		}
		left -= length;
	}
	return {x: points[0][0], y: points[0][1], angle: 0};
}

// The part of the way up to a share of it.
export function beginningOf(points, share) {
	const end = placeAlong(points, share);
	let left = lengthOf(points) * Math.min(1, Math.max(0, share));
	const part = [points[0]];
	for (let i = 1; i < points.length; i++) {
		const length = distance(points[i - 1], points[i]);
		if (left < length) {
			break;
		}
		left -= length;
		part.push(points[i]);
	}
	part.push([end.x, end.y]);
	return part;
}

export const pathData = points =>
	points.map(([x, y], i) => `${i === 0 ? "M" : "L"}${x.toFixed(1)} ${y.toFixed(1)}`).join(" ");
