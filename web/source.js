// SPDX-License-Identifier: GPL-2.0-or-later
// Where the story comes from.  The page knows only these three calls, so that a server can take the file's place:
//   index()         the document of testbed.story/1 without its cells
//   cell(id)        promise of a cell, or of null
//   nodes(scenario) promise of the nodes' state by name, or of null

async function unpacked(element) {
	const packed = Uint8Array.from(atob(element.textContent.trim()), character => character.charCodeAt(0));
	const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
	return JSON.parse(await new Response(stream).text());
}

// Steps whose packets took the same way share it, so that a file stays small: a step then has the way's number and the times.
function withHops(cell) {
	for (const step of cell.steps ?? []) {
		if (step.way !== undefined) {
			step.hops = (cell.ways?.[step.way] ?? []).map((hop, i) => ({...hop, t_us: step.times?.[i]}));
		}
	}
	if (cell.trial?.story) {
		withHops(cell.trial.story);
	}
	return cell;
}

// A file holds everything; a part is unpacked when it is asked for, and kept.
export function embeddedSource(page) {
	const index = JSON.parse(page.getElementById("story-index").textContent);
	const kept = new Map();
	function part(kind, name) {
		const key = `${kind}\n${name}`;
		if (!kept.has(key)) {
			const element = [...page.querySelectorAll(`script[data-${kind}]`)].find(one => one.dataset[kind] === name);
			kept.set(key, element ? unpacked(element) : Promise.resolve(null));
		}
		return kept.get(key);
	}
	return {
		index: () => index,
		cell: async id => {
			const cell = await part("cell", id);
			return cell && withHops(cell);
		},
		nodes: scenario => part("nodes", scenario),
	};
}
