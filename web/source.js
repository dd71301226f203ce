// SPDX-License-Identifier: GPL-2.0-or-later
// Where the story comes from: the file that the page stands in, or the server of a lab that is up.
// The page knows only:
//   index()         the document of testbed.story/1 without its cells
//   cell(id)        promise of a cell, or of null
//   nodes(scenario) promise of the nodes' state by name, or of null
// and of a lab besides:
//   feed            what was told so far (feed.js)
//   link            "waiting", "open" or "lost"
//   ask(order)      promise of null, or of the words why it was refused
//   watch(told)     told(what, message) is called after each message, and with "link"

import {Feed, withHops} from "./feed.js";

const AGAIN_MS = [500, 1000, 2000, 4000, 8000]; // until a lost connection is tried again

async function unpacked(element) {
	const packed = Uint8Array.from(atob(element.textContent.trim()), character =>
		character.charCodeAt(0),
	);
	const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
	return JSON.parse(await new Response(stream).text());
}

// A file holds everything; a part is unpacked when it is asked for, and kept.
export function embeddedSource(page) {
	const index = JSON.parse(page.getElementById("story-index").textContent);
	const kept = new Map();
	function part(kind, name) {
		const key = `${kind}\n${name}`;
		if (!kept.has(key)) {
			const element = [...page.querySelectorAll(`script[data-${kind}]`)].find(
				one => one.dataset[kind] === name,
			);
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

// The server of a lab, over a WebSocket beside the page; a connection that is lost is made again.
export function liveSource(page, place, Socket = WebSocket) {
	const index = JSON.parse(page.getElementById("story-index").textContent);
	const watchers = [];
	const open = new Map(); // orders without an answer
	const source = {
		index: () => index,
		cell: async () => null,
		nodes: async () => source.feed.nodes,
		feed: new Feed(index),
		link: "waiting",
		watch: told => watchers.push(told),
		ask,
	};
	let socket = null;
	let next = 1;
	let lost = 0;

	const tell = (what, message = null) => watchers.forEach(told => told(what, message));

	function ask(order) {
		if (source.link !== "open") {
			return Promise.resolve("There is no connection to the lab.");
		}
		const id = next++;
		socket.send(JSON.stringify({id, ...order}));
		return new Promise(answered => open.set(id, answered));
	}

	function receive(text) {
		let message = null;
		try {
			message = JSON.parse(text);
		} catch {
			return;
		}
		if (message.answer !== undefined) {
			open.get(message.answer)?.(
				message.ok ? null : (message.error ?? "The lab refused it."),
			);
			open.delete(message.answer);
			return;
		}
		const what = source.feed.apply(message);
		if (what) {
			tell(what, message);
		}
	}

	function connect() {
		socket = new Socket(new URL("socket", place).href.replace(/^http/, "ws"));
		socket.addEventListener("open", () => {
			lost = 0;
			source.link = "open";
			tell("link");
		});
		socket.addEventListener("message", event => receive(event.data));
		socket.addEventListener("close", () => {
			source.link = "lost";
			open.forEach(answered => answered("The connection to the lab was lost."));
			open.clear();
			tell("link");
			if (!source.feed.down) {
				setTimeout(connect, AGAIN_MS[Math.min(lost++, AGAIN_MS.length - 1)]);
			}
		});
	}

	source.start = connect;
	return source;
}

export const isLivePage = page =>
	JSON.parse(page.getElementById("story-index").textContent).live === true;
