// SPDX-License-Identifier: GPL-2.0-or-later
// How boxes of the map are joined: the sides that lines leave by, and the points that they go over.
// Pure.

const middleOfThing = thing => [thing.x + thing.w / 2, thing.y + thing.h / 2];

// The sides by which two boxes are joined.  Boxes above each other are joined by the side towards
// the middle of the map, when something stands between them.
function sidesOf(a, b, things, centreX) {
	if (a.x + a.w <= b.x) {
		return ["right", "left"];
	}
	if (b.x + b.w <= a.x) {
		return ["left", "right"];
	}
	const [upper, lower] = a.y < b.y ? [a, b] : [b, a];
	const isBlocked =
		upper.site !== lower.site ||
		things.some(
			one =>
				one !== upper &&
				one !== lower &&
				one.y > upper.y &&
				one.y < lower.y &&
				one.x < upper.x + upper.w &&
				upper.x < one.x + one.w,
		);
	if (isBlocked && Math.abs(middleOfThing(a)[0] - centreX) > 1) {
		return middleOfThing(a)[0] < centreX ? ["right", "right"] : ["left", "left"];
	}
	return a.y < b.y ? ["bottom", "top"] : ["top", "bottom"];
}

function attach(thing, side, other) {
	const end = {side, other, at: null};
	thing.ends.push(end);
	return end;
}

// Ends on a side are spread over it in the order of what they lead to, so that lines don't cross at
// the box.
function spreadEnds(thing) {
	for (const side of ["left", "right", "top", "bottom"]) {
		const axis = side === "left" || side === "right" ? 1 : 0;
		const ends = thing.ends
			.filter(end => end.side === side)
			.sort((a, b) => middleOfThing(a.other)[axis] - middleOfThing(b.other)[axis]);
		ends.forEach((end, i) => {
			const share = (i + 1) / (ends.length + 1);
			end.at =
				axis === 1
					? [side === "left" ? thing.x : thing.x + thing.w, thing.y + thing.h * share]
					: [thing.x + thing.w * share, side === "top" ? thing.y : thing.y + thing.h];
		});
	}
}

// The middle of a line between two sites: above or below all that stands in the middle, and not
// where another one is.
function clearOf(centre, taken, [x, y]) {
	let at = y;
	if (centre.length > 0) {
		const top = Math.min(...centre.map(thing => thing.y)) - 60;
		const bottom = Math.max(...centre.map(thing => thing.y + thing.h)) + 60;
		if (y > top && y < bottom) {
			at = y - top <= bottom - y ? top : bottom;
		}
		const way = at <= top ? -1 : 1;
		while (taken.some(other => Math.abs(other - at) < 58)) {
			at += way * 58;
		}
	}
	taken.push(at);
	return [x, at];
}

// Where the two halves of a line meet.
function halfWay(a, b, sides, centre, taken, centreX) {
	if (sides[0] === sides[1]) {
		const out = sides[0] === "right" ? Math.max(a[0], b[0]) + 46 : Math.min(a[0], b[0]) - 46;
		return [out, (a[1] + b[1]) / 2];
	}
	return a[0] < centreX !== b[0] < centreX
		? clearOf(centre, taken, [centreX, (a[1] + b[1]) / 2])
		: [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2];
}

// A line to a place above or below what stands in the middle goes past it, not through it.
function besideCentre([x, y], half, centre) {
	const left = Math.min(...centre.map(thing => thing.x)) - 26;
	const right = Math.max(...centre.map(thing => thing.x + thing.w)) + 26;
	const isPast =
		centre.length > 0 && half[0] > left && half[0] < right && Math.abs(y - half[1]) > 40;
	return !isPast ? [] : x < left ? [[left, half[1]]] : x > right ? [[right, half[1]]] : [];
}

export function joinThings(things, joints, centre, centreX) {
	const drawn = joints.map(joint => {
		const sides = sidesOf(joint.a, joint.b, things, centreX);
		return {
			...joint,
			sides,
			from: attach(joint.a, sides[0], joint.b),
			to: attach(joint.b, sides[1], joint.a),
		};
	});
	new Set(drawn.flatMap(joint => [joint.a, joint.b])).forEach(spreadEnds);
	const points = new Map();
	const taken = [];
	const height = joint => (joint.from.at[1] + joint.to.at[1]) / 2;
	for (const joint of [...drawn].sort((one, other) => height(one) - height(other))) {
		const [a, b] = [joint.from.at, joint.to.at];
		const isOfCentre = centre.includes(joint.a) || centre.includes(joint.b);
		if (joint.links.length === 1) {
			points.set(
				joint.links[0],
				joint.sides[0] === joint.sides[1]
					? [a, halfWay(a, b, joint.sides, centre, taken, centreX), b]
					: [a, b],
			);
			continue;
		}
		const half = isOfCentre
			? [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2]
			: halfWay(a, b, joint.sides, centre, taken, centreX);
		points.set(joint.links[0], [a, ...besideCentre(a, half, centre), half]);
		points.set(joint.links[1], [b, ...besideCentre(b, half, centre), half]);
	}
	return points;
}
