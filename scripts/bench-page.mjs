// SPDX-License-Identifier: GPL-2.0-or-later
// usage: WEB_MODULES=build/web node scripts/bench-page.mjs BUILD/bin/testbed [CALLS]
// How long after a packet was captured a viewer of the live page has it, over calls that fail and
// calls that work: the time of its first sighting, by the kernel's stamp, to the message that tells
// it.  Prints a line; exit status 1 when more than one packet of a hundred took longer than the
// bound (docs/TESTING.md).

import {execFileSync, spawn} from "node:child_process";
import {once} from "node:events";
import {mkdtempSync, rmSync} from "node:fs";
import {createRequire} from "node:module";
import {tmpdir} from "node:os";
import {join, resolve} from "node:path";

const BOUND_MS = 300;
const [testbed, calls = "5"] = process.argv.slice(2);
const fromModules = createRequire(join(resolve(process.env.WEB_MODULES), "package.json"));
const WebSocket = fromModules("ws");
const folder = mkdtempSync(join(tmpdir(), "bench-page-"));
const environment = {...process.env, XDG_RUNTIME_DIR: folder};
const run = (...words) => execFileSync(testbed, words, {env: environment, stdio: "pipe"});

run("up", "-s", "missing-route", "-n", "bench");
const server = spawn(testbed, ["serve", "-n", "bench"], {
	env: environment,
	stdio: ["ignore", "pipe", "ignore"],
});
const delays = [];
try {
	const [line] = await once(server.stdout, "data");
	const url = String(line).trim();
	const socket = new WebSocket(`${url.replace("http", "ws")}socket`, {
		origin: new URL(url).origin,
	});
	await once(socket, "open");
	const ask = request => socket.send(JSON.stringify({id: 1, ...request}));
	const ends = Array.from({length: Number(calls)}, (_, i) =>
		i % 2 === 0 ? ["branch1", "home1"] : ["dc1", "home1"],
	);
	let known = new Set();
	await new Promise((done, failed) => {
		const next = () => {
			const [from, to] = ends.shift() ?? [];
			known = new Set();
			return from ? ask({do: "call", from, to, media: "audio", seconds: 1}) : done();
		};
		socket.on("error", failed);
		socket.on("message", data => {
			const now_us = (performance.timeOrigin + performance.now()) * 1000;
			const message = JSON.parse(data);
			for (const step of message.event === "steps" ? message.steps : []) {
				const first = step.hops?.[0];
				const key = first && [first.node, first.src, first.sport, first.t_us].join();
				if (first && !known.has(key) && step.t_us >= 0) {
					delays.push((now_us - message.zero_us - first.t_us) / 1000);
				}
				known.add(key);
			}
			// the lab is free again when the state after the call has been told
			if (message.event === "state" && !message.busy) {
				next();
			}
		});
	});
	socket.terminate();
} finally {
	server.kill("SIGINT");
	await once(server, "exit");
	run("down", "-n", "bench");
	rmSync(folder, {recursive: true, force: true});
}

delays.sort((a, b) => a - b);
const at = share => delays[Math.min(delays.length - 1, Math.floor(share * delays.length))];
const figures = [at(0.5), at(0.99), at(1)].map(ms => ms.toFixed(0)).join(" / ");
const isKept = at(0.99) <= BOUND_MS;
console.log(
	`live page, ${delays.length} packets: captured to told, median / 99 % / highest, ms: ` +
		`${figures}; bound of 99 %: ${BOUND_MS}, ${isKept ? "kept" : "NOT KEPT"}`,
);
process.exitCode = isKept ? 0 : 1;
