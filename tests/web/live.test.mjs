// SPDX-License-Identifier: GPL-2.0-or-later
// The page of `testbed serve` over a lab that is up: the scene of a class without a terminal, by
// mouse and by keyboard, many viewers at once, and who is refused.  TESTBED names the program, LAB
// a lab of the reference topology in the scenario missing-route (scripts/check-web).

import assert from "node:assert/strict";
import {spawn} from "node:child_process";
import {on as eventsOf, once} from "node:events";
import {createRequire} from "node:module";
import {request} from "node:http";
import {join, resolve} from "node:path";
import {createInterface} from "node:readline";
import {after, before, test} from "node:test";
import {axeViolations, isFirefox, openReport, showScheme} from "./browser.mjs";
import {startBrowser, textOf} from "./browser.mjs";

const {TESTBED, LAB} = process.env;
const modules = join(resolve(process.env.WEB_MODULES ?? "build/web"), "package.json");
const WebSocket = createRequire(modules)("ws");
const VIEWERS = 30;

// A server of the lab; its URL is the first line that it prints.
async function serve(...options) {
	const process = spawn(TESTBED, ["serve", "-n", LAB, ...options], {
		stdio: ["ignore", "pipe", "inherit"],
	});
	const [url] = await once(createInterface({input: process.stdout}), "line");
	return {
		url,
		async stop() {
			process.kill("SIGINT");
			await once(process, "exit");
		},
	};
}

let running;
let server;
before(async () => {
	[running, server] = await Promise.all([startBrowser(), serve()]);
});
after(async () => {
	await running?.stop();
	await server?.stop();
});

async function inLab(options, scene) {
	const place = options.url ?? server.url;
	const {page, problems} = await openReport(running.browser, place, {
		ready: ".link.free",
		...options,
	});
	try {
		await scene(page);
		assert.deepEqual(problems, [], "the console is silent, and nothing else is loaded");
	} finally {
		await page.close();
	}
}

const isOver = (page, verdict) => page.waitForSelector(`[data-verdict="${verdict}"]`);
const isFree = page => page.waitForSelector(".link.free");

// What the class sees of a call while it is on: its newest packet, on the map and in the ladder.
async function seeIt(page) {
	await isOver(page, "on");
	await page.waitForFunction(
		() =>
			document.querySelector('[data-verdict="on"]') &&
			document.querySelector('.newest[aria-pressed="true"]') &&
			document.querySelector(".map .packet .body") &&
			document.querySelectorAll(".ladder .row").length > 0,
	);
}

async function assertDiesAtEdge(page) {
	const dead = nodes => nodes.map(node => node.dataset.node);
	assert.deepEqual(await page.$$eval(".map .node.dead", dead), ["edge"]);
	assert.match(await textOf(page, ".map .callout"), /route/);
	assert.match(await textOf(page, "#panel-why"), /RETURN_WRONG_EGRESS/);
}

test("the scene: call fails, packet dies at the Edge, the fix, it works, the VPN's price", () =>
	inLab({}, async page => {
		await page.select('[aria-label="for"]', "1");
		await page.click(".place-call");
		await seeIt(page);
		await isOver(page, "fail");
		await page.waitForSelector(".try");
		await assertDiesAtEdge(page);
		await page.click(".try");
		await page.waitForSelector('[role="switch"][aria-checked="true"]');
		assert.match(await textOf(page, ".news"), /edge.*route.* new/);
		await isFree(page);
		await page.click(".place-call");
		await isOver(page, "pass");
		assert.match(await textOf(page, ".verdict-line"), /relay/);
		await isFree(page);
		await page.select(".scenarios select", "vpn-bypass");
		await page.waitForFunction(
			() =>
				document.querySelector(".live .call-head h2").textContent === "vpn-bypass" &&
				document.querySelector(".link.free"),
		);
		await page.click(".place-call");
		await page.waitForSelector('[data-verdict="pass"] .ok-nat');
		await page.click("#tab-media");
		const rows = await page.$$eval(".compare tbody tr", all =>
			all.map(row => [...row.cells].map(cell => cell.textContent)),
		);
		const told = name => rows.find(([first]) => first.startsWith(name));
		assert.match(told("result").join(), /relay.*nat/);
		assert.match(told("way of media")[1], /branch1.*edge.*home1/);
		assert.doesNotMatch(told("way of media")[2], /edge/);
		assert.notEqual(told("in a tunnel")[1], "no");
		assert.equal(told("in a tunnel")[2], "no");
		assert.match(told("delay at branch1")[3], /ms$/);
		await page.click('.history [data-call="1"]');
		await isOver(page, "fail");
		await assertDiesAtEdge(page);
	}));

test("a viewer who comes later has the earlier calls; words that are refused; reset", () =>
	inLab({}, async page => {
		assert.equal((await page.$$(".history [data-call]")).length, 4);
		await page.type("#set-words", "add-rout: {node: edge}");
		await page.keyboard.press("Enter");
		await page.waitForFunction(() =>
			/add-route/.test(document.querySelector(".changes-panel .refused").textContent),
		);
		await page.click(".reset");
		await page.waitForFunction(
			() =>
				document.querySelector(".scenarios select").value === "missing-route" &&
				document.querySelector(".link.free"),
		);
	}));

test("a fix is tried on a copy: before and after in the same player, the lab stays", () =>
	inLab({}, async page => {
		await page.select('[aria-label="for"]', "1");
		await page.click(".place-call");
		await isOver(page, "fail");
		await page.waitForSelector('.try[data-kind="copy"]');
		await isFree(page);
		await page.click('.try[data-kind="copy"]');
		await isOver(page, "pass");
		const pressed = () => textOf(page, '.switch [aria-pressed="true"]');
		assert.match(await pressed(), /On a copy, with the fix/);
		assert.match(await textOf(page, "#panel-why"), /add-route: \{node: edge/);
		assert.equal(await page.$(".map .node.dead"), null);
		assert.ok(await page.$(".protocol.rtp"), "media is shown");
		await page.click(".switch button");
		await isOver(page, "fail");
		assert.equal(await pressed(), "As it was");
		await assertDiesAtEdge(page);
		await page.keyboard.press("f");
		await isOver(page, "pass");
		await isFree(page);
		assert.equal(await page.$('[role="switch"][aria-checked="true"]'), null, "not in the lab");
	}));

test("a call that goes on is hung up, and passes by what was heard", () =>
	inLab({}, async page => {
		await page.select('[aria-label="From"]', "dc1");
		await page.select('[aria-label="to"]', "dc2");
		await page.select('[aria-label="for"]', "60");
		await page.click(".place-call");
		await isOver(page, "on");
		assert.equal(await textOf(page, ".place-call"), "■ Hang up");
		// Media have run both ways for a while.  (The newest packet may be a check of ICE.)
		await page.waitForFunction(() => {
			const rows = [...document.querySelectorAll(".ladder .row")].filter(row =>
				/RTP.* ×/.test(row.textContent),
			);
			return ["there", "back"].every(side => rows.some(row => row.querySelector(`.${side}`)));
		});
		await page.click(".place-call");
		await isOver(page, "pass");
		await isFree(page);
		assert.equal(await textOf(page, ".place-call"), "▶ Call");
	}));

test("the same by keyboard only", () =>
	inLab({}, async page => {
		const press = key => page.keyboard.press(key);
		// The Tab key until the focus is there.
		const tabTo = async selector => {
			for (let i = 0; i < 200; i++) {
				if (await page.evaluate(one => document.activeElement.matches(one), selector)) {
					return;
				}
				await press("Tab");
			}
			assert.fail(`the Tab key doesn't reach ${selector}`);
		};
		await tabTo('[aria-label="From"]');
		await page.keyboard.type("branch2");
		await press("k"); // in a select it is a letter
		assert.equal(await page.$eval('[aria-label="From"]', select => select.value), "branch2");
		await tabTo('[aria-label="for"]');
		await press("ArrowUp");
		await tabTo(".place-call");
		await press("Enter");
		await page.waitForSelector(".try");
		await assertDiesAtEdge(page);
		await press("ArrowLeft");
		assert.equal(await page.$(".death-box"), null);
		await press("ArrowRight");
		await assertDiesAtEdge(page);
		await press("b");
		await press("w");
		await tabTo(".try");
		await press("Enter");
		await page.waitForSelector('[role="switch"][aria-checked="true"]');
		await isFree(page);
		await press("k");
		await isOver(page, "pass");
		await press("v");
		assert.ok(await page.$(".protocol.rtp"));
		await press("b");
		await isFree(page);
		await tabTo('[role="switch"][aria-checked="true"]');
		await press(" ");
		await page.waitForSelector('[role="switch"][aria-checked="false"]');
		await isFree(page);
	}));

// --- many, and who is refused ---

const socketOf = (url, options = {}) =>
	new WebSocket(`${url.replace("http", "ws")}socket`, {origin: new URL(url).origin, ...options});

test("thirty viewers see a call that a lesson places", () =>
	inLab({}, async page => {
		const sockets = Array.from({length: VIEWERS}, () => socketOf(server.url));
		const seen = sockets.map(async socket => {
			const words = [];
			for await (const [data] of eventsOf(socket, "message")) {
				const message = JSON.parse(data);
				if (["call-begins", "call-ends"].includes(message.event) && !message.past) {
					words.push(message.event, message.call);
				}
				if (words.includes("call-ends")) {
					break;
				}
			}
			socket.terminate();
			return words.join(" ");
		});
		await Promise.all(sockets.map(socket => once(socket, "open")));
		await page.click("#tab-lessons");
		await page.click(".lesson .command .go");
		const told = new Set(await Promise.all(seen));
		assert.equal(told.size, 1, [...told].join("; "));
		assert.match([...told][0], /^call-begins (\d+) call-ends \1$/);
		await isOver(page, "pass");
		await page.click(".lesson .answer summary");
	}));

// The status of an answer, or what a WebSocket is refused by.
function statusOf(url, headers = {}, method = "GET") {
	return new Promise((answered, failed) => {
		const asked = request(url, {method, headers}, answer => {
			answer.resume();
			answered(answer.statusCode);
		});
		asked.on("error", failed);
		asked.end();
	});
}

async function isRefused(url, options) {
	const socket = socketOf(url, options);
	const refused = await Promise.race([
		once(socket, "unexpected-response").then(([, answer]) => answer.statusCode),
		once(socket, "open").then(() => null),
	]);
	socket.on("error", () => {});
	socket.terminate();
	return refused;
}

test("wrong tokens, hosts, origins and methods are refused", async () => {
	const {origin, host} = new URL(server.url);
	const wrong = `${origin}/${"0".repeat(32)}/`;
	assert.equal(await statusOf(server.url), 200);
	for (const url of [wrong, `${origin}/`, `${server.url}../etc/passwd`, `${server.url}x`]) {
		assert.ok([403, 404].includes(await statusOf(url)), url);
	}
	assert.equal(await statusOf(server.url, {host: "evil.example"}), 403);
	assert.equal(await statusOf(server.url, {}, "POST"), 405);
	assert.ok([403, 404].includes(await isRefused(wrong)));
	assert.equal(await isRefused(server.url, {origin: "http://evil.example"}), 403);
	assert.equal(await isRefused(server.url, {origin: `http://${host}0`}), 403);
	assert.equal(await isRefused(server.url, {headers: {host: "evil.example"}}), 403);
	assert.equal(await isRefused(server.url), null);
});

test("a page that only watches", async () => {
	const watching = await serve("--read-only");
	try {
		await inLab({url: watching.url}, async page => {
			assert.equal(await page.$(".place-call"), null);
			const socket = socketOf(watching.url);
			await once(socket, "open");
			socket.send(JSON.stringify({id: 1, do: "reset"}));
			for await (const [data] of eventsOf(socket, "message")) {
				const message = JSON.parse(data);
				if (message.answer === 1) {
					assert.equal(message.ok, false);
					break;
				}
			}
			socket.terminate();
		});
	} finally {
		await watching.stop();
	}
});

for (const scheme of ["light", "dark"]) {
	const options = {bypassPolicy: !isFirefox, media: {"prefers-color-scheme": scheme}};
	test(`axe finds no violation: a lab, ${scheme}`, () =>
		inLab(options, async page => {
			await showScheme(page, scheme);
			assert.deepEqual(await axeViolations(page), [], "idle");
			await page.click('.history [data-call="1"]');
			const tabs = ["changes", "why", "packet", "ladder", "media", "node", "lessons"];
			for (const tab of tabs) {
				await page.click(`#tab-${tab}`);
				assert.deepEqual(await axeViolations(page), [], tab);
			}
		}));
}
