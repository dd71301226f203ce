// SPDX-License-Identifier: GPL-2.0-or-later
// The page in a browser, opened from a file: the scenes that a teacher shows, by mouse and by
// keyboard. REPORT names the page of a run of the reference topology, TRIAL that of the failing
// call, its fix tried (scripts/check-web).

import assert from "node:assert/strict";
import {after, before, test} from "node:test";
import {axeViolations, isFirefox, openReport, showScheme} from "./browser.mjs";
import {startBrowser, textOf} from "./browser.mjs";

const {REPORT, TRIAL} = process.env;
const CALL = "missing-route/branch1-home1/audio";
const MENDED = "persistent-route/branch1-home1/audio";
const opened = id => `#view=call&cell=${encodeURIComponent(id)}`;

let running;
before(async () => {
	running = await startBrowser();
});
after(() => running?.stop());

async function inReport(options, scene) {
	const {page, problems} = await openReport(running.browser, options.file ?? REPORT, options);
	try {
		await scene(page);
		assert.deepEqual(problems, [], "the console is silent, and nothing is loaded");
	} finally {
		await page.close();
	}
}

const hasIndex = page =>
	page.evaluate(() => JSON.parse(document.getElementById("story-index").textContent));
// Steps the player forward until `selector` is there; fails at the last step.
async function stepUntil(page, selector, step) {
	for (let i = 0; i < 2000; i++) {
		if (await page.$(selector)) {
			return;
		}
		const before = await page.$eval(".seek", range => range.value);
		await step();
		assert.notEqual(
			await page.$eval(".seek", range => range.value),
			before,
			`${selector} is never reached`,
		);
	}
}

async function assertDiesAtEdge(page) {
	assert.match(await textOf(page, ".death-box strong"), /edge/);
	assert.match(await textOf(page, ".death-box"), /route/);
	assert.deepEqual(
		await page.$$eval(".map .node.dead", nodes => nodes.map(node => node.dataset.node)),
		["edge"],
	);
	assert.match(await textOf(page, ".map .callout"), /route/);
}

test("the teacher's scene: a failing call, its end at the Edge, why, the fix, media", () =>
	inReport({}, async page => {
		assert.match(await textOf(page, `[data-open="${CALL}"]`), /FAIL/);
		await page.click(`[data-open="${CALL}"]`);
		await page.waitForSelector(".call");
		await page.click(".jump.death");
		await assertDiesAtEdge(page);
		const why = await textOf(page, "#panel-why");
		assert.match(why, /RETURN_WRONG_EGRESS/);
		assert.match(why, /route add -p 10\.20\.0\.0/);
	}));

const isOpen = (page, id) =>
	page.waitForFunction(
		wanted => document.querySelector(".call")?.dataset.cell === wanted,
		{},
		id,
	);

test("the fix: the same player over the call that works, before and after", () =>
	inReport({file: TRIAL, hash: opened(CALL)}, async page => {
		await page.click(".switch button:last-child");
		await page.waitForSelector(`.switch button:last-child[aria-pressed="true"]`);
		assert.match(await textOf(page, ".verdict-line"), /relay/);
		await stepUntil(page, ".protocol.rtp", () =>
			page.click(`.controls button[aria-label^="Step forward"]`),
		);
		assert.equal(await page.$(".death-box"), null);
		await page.click(".switch button:first-child");
		assert.match(await textOf(page, ".verdict-line"), /FAIL/);
	}));

test("the same call in another scenario", () =>
	inReport({hash: opened(CALL)}, async page => {
		await page.select(".call-head select", MENDED);
		await isOpen(page, MENDED);
		assert.match(await textOf(page, ".verdict-line"), /relay/);
		await page.keyboard.press("f");
		await isOpen(page, CALL);
	}));

test("the same by keyboard only", () =>
	inReport({}, async page => {
		const label = () => page.evaluate(() => document.activeElement?.dataset?.open ?? "");
		const drawn = await page.$(".results");
		await page.keyboard.press("Tab"); // the link that skips
		await page.keyboard.press("Enter");
		// what a change of the address would bring has come by then
		await page.evaluate(
			() => new Promise(done => setTimeout(() => requestAnimationFrame(done))),
		);
		assert.ok(await drawn.evaluate(one => one.isConnected), "nothing is drawn anew");
		assert.equal(await page.evaluate(() => document.activeElement.id), "main");
		for (let i = 0; i < 20 && (await label()) === ""; i++) {
			await page.keyboard.press("Tab");
		}
		assert.notEqual(await label(), "", "the grid is reached with the Tab key");
		const column = CALL.split("/")[1].split("-")[0];
		for (let i = 0; i < 60 && !(await label()).includes("-home1/audio"); i++) {
			await page.keyboard.press("ArrowDown");
		}
		for (let i = 0; i < 60 && !(await label()).includes(`/${column}-`); i++) {
			await page.keyboard.press("ArrowRight");
		}
		assert.equal(await label(), CALL);
		await page.keyboard.press("Enter");
		await page.waitForSelector(".call");
		await page.keyboard.press("x");
		await assertDiesAtEdge(page);
		await page.keyboard.press("l");
		assert.equal(await page.$eval("#panel-ladder", panel => panel.hidden), false);
		await page.keyboard.press("f");
		await page.waitForFunction(() =>
			/relay/.test(document.querySelector(".verdict-line")?.textContent ?? ""),
		);
		await page.keyboard.press("v");
		assert.ok(await page.$(".protocol.rtp"));
		await page.keyboard.press("g");
		await page.waitForSelector(".results");
		await page.keyboard.press("m");
		await page.waitForSelector(".map-view");
		await page.keyboard.press("?");
		await page.waitForSelector("dialog[open]");
		await page.keyboard.press("Escape");
		assert.equal(await page.$("dialog[open]"), null);
	}));

test("hops: forward and back, headers, NAT", () =>
	inReport({hash: opened(MENDED)}, async page => {
		await page.keyboard.press("c");
		const place = () => textOf(page, ".place");
		assert.match(await place(), /hop \d+ of \d+/);
		await page.keyboard.press("ArrowRight");
		const before = await place();
		await page.keyboard.press(",");
		assert.notEqual(await place(), before);
		await page.keyboard.press(".");
		assert.equal(await place(), before);
		assert.ok((await page.$$(".headers tbody tr")).length > 1);
		assert.equal((await page.$$(".headers tr.current")).length, 1);
		await page.keyboard.press(" ");
		assert.match(await textOf(page, ".play"), /Pause/);
		await page.keyboard.press(" ");
		assert.match(await textOf(page, ".play"), /Play/);
	}));

test("the filter hides the steps of a protocol", () =>
	inReport({hash: opened(CALL)}, async page => {
		const count = async () => Number(/of (\d+)/.exec(await textOf(page, ".place .quiet"))[1]);
		const all = await count();
		await page.click(".filter summary");
		await page.click('.filter input[value="sip"]');
		assert.ok((await count()) < all);
		assert.equal(await page.$(".protocol.sip"), null);
	}));

test("a message of the ladder moves the player and shows its fields and its text", () =>
	inReport({hash: opened(CALL)}, async page => {
		await page.click("#tab-ladder");
		const rows = await page.$$eval(".ladder .row", all =>
			all.map(row => row.getAttribute("aria-label")),
		);
		const invite = rows.findIndex(name => name.includes("INVITE"));
		assert.ok(invite >= 0);
		await page.$$eval(
			".ladder .row",
			(all, i) => all[i].dispatchEvent(new MouseEvent("click", {bubbles: true})),
			invite,
		);
		assert.equal(Number(await page.$eval(".seek", range => range.value)), invite);
		assert.match(await textOf(page, ".details"), /INVITE/);
	}));

test("a node shows what its kernel had", () =>
	inReport({hash: "#view=map&scenario=missing-route"}, async page => {
		await page.$eval('.node[data-node="edge"]', node =>
			node.dispatchEvent(new MouseEvent("click", {bubbles: true})),
		);
		await page.waitForSelector(".map-view.with-node .right h2");
		assert.equal(await textOf(page, ".right h2"), "edge");
		assert.match(await textOf(page, ".right"), /172\.25\.33\.10/);
	}));

test("lessons can be read, and an answer waits until it is asked for", () =>
	inReport({file: TRIAL, bypassPolicy: !isFirefox}, async page => {
		await page.click("#views button:last-child");
		await page.waitForSelector(".lesson-step");
		const answer = () => page.$eval(".answer p", text => text.checkVisibility());
		assert.equal(await answer(), false);
		await page.click(".answer summary");
		assert.equal(await answer(), true);
		await page.select(".lesson select", "nat-and-ice");
		assert.match(await textOf(page, ".lesson"), /testbed lesson nat-and-ice/);
		assert.equal(await page.$(".lesson .go"), null, "nothing is run from a report");
		assert.deepEqual(await axeViolations(page), []);
	}));

test("two scenarios side by side: cells that differ are marked", () =>
	inReport({hash: "#scenario=missing-route&with=persistent-route"}, async page => {
		assert.equal((await page.$$(".pair .grid")).length, 2);
		assert.match(await textOf(page, `.differs[data-open="${CALL}"]`), /≠/);
		assert.equal(await page.$(`.differs[data-open="${CALL.replace("/audio", "/im")}"]`), null);
	}));

test("every cell of the run opens", () =>
	inReport({}, async page => {
		const ids = (await hasIndex(page)).scenarios
			.flatMap(scenario => scenario.cells)
			.map(cell => cell.id);
		const unread = await page.evaluate(async all => {
			const bad = [];
			for (const id of all) {
				location.hash = `#view=call&cell=${encodeURIComponent(id)}`;
				while (document.querySelector(".call")?.dataset.cell !== id) {
					await new Promise(again => setTimeout(again, 0));
				}
				if (document.querySelector(".unread")) {
					bad.push(id);
				}
			}
			return bad;
		}, ids);
		assert.ok(ids.length > 200, `${ids.length} cells`);
		assert.deepEqual(unread, []);
	}));

test("?quiz hides why until asked", () =>
	inReport({hash: opened(CALL), quiz: true}, async page => {
		await page.keyboard.press("x");
		assert.doesNotMatch(await textOf(page, "main"), /RETURN_WRONG_EGRESS|no route|route add/);
		await page.click(".reveal");
		assert.match(await textOf(page, "main"), /RETURN_WRONG_EGRESS/);
	}));

test(
	"prints: the map alone, and a page for the call",
	{skip: isFirefox ? "Firefox is not told to count pages" : false},
	() =>
		inReport({hash: opened(CALL)}, async page => {
			const pdf = await page.pdf({preferCSSPageSize: true, printBackground: true});
			const pages = (
				Buffer.from(pdf)
					.toString("latin1")
					.match(/\/Type\s*\/Page[^s]/g) ?? []
			).length;
			assert.equal(pages, 2);
			assert.equal((await page.$$("#handout .page")).length, 2);
		}),
);

const AXE_VIEWS = [
	["results", ""],
	["two scenarios", "#scenario=missing-route&with=persistent-route"],
	["map", "#view=map&node=edge"],
	["call", opened(CALL)],
];
for (const scheme of ["light", "dark"]) {
	for (const [name, hash] of AXE_VIEWS) {
		const options = {hash, bypassPolicy: !isFirefox, media: {"prefers-color-scheme": scheme}};
		test(`axe finds no violation: ${name}, ${scheme}`, () =>
			inReport(options, async page => {
				await showScheme(page, scheme);
				const tabs = hash.includes("call") ? ["why", "ladder", "media", "node"] : [null];
				for (const tab of tabs) {
					if (tab) {
						await page.click(`#tab-${tab}`);
					}
					assert.deepEqual(await axeViolations(page), [], tab ?? name);
				}
			}));
	}
}

// The map's texts as the eye gets them: 14 px or more.
const smallTexts = page =>
	page.$$eval(".map text", texts =>
		texts
			.map(text => [
				text.textContent,
				Number(text.getAttribute("font-size")) * text.getScreenCTM().a,
			])
			.filter(([, size]) => size < 14),
	);

test("the map is readable on a projector", () =>
	inReport({hash: "#view=map&scenario=missing-route"}, async page => {
		assert.deepEqual(await smallTexts(page), []);
	}));

for (const size of [
	[1920, 1080],
	[1280, 720],
]) {
	test(`so is the whole map of a call at ${size.join("x")}: it says what fits`, () =>
		inReport({hash: opened(CALL), size}, async page => {
			await page.waitForSelector(".map .node.at");
			assert.equal(await page.$('.zoom [aria-pressed="true"]'), null, "all of it is shown");
			assert.deepEqual(await smallTexts(page), []);
			await page.keyboard.press("x");
			assert.deepEqual(await smallTexts(page), [], "with the words where it dies");
			assert.match(await textOf(page, '.map [data-node="edge"]'), /no route to/);
			assert.doesNotMatch(await textOf(page, ".map"), /203\.0\.113\.12/);
		}));
}

test("with all addresses the map of a small window follows the packet", () =>
	inReport({hash: opened(CALL), size: [1280, 720]}, async page => {
		await page.keyboard.press("a");
		await page.waitForSelector('.zoom [title^="Follow"][aria-pressed="true"]');
		assert.match(await textOf(page, ".map"), /203\.0\.113\.12/);
		await page.keyboard.press("x");
		// the view moves there so that the eye can follow
		while ((await smallTexts(page)).length > 0) {
			await page.evaluate(() => new Promise(requestAnimationFrame));
		}
		const isInside = selector =>
			page.evaluate(wanted => {
				const frame = document.querySelector(".map").getBoundingClientRect();
				const box = document.querySelector(wanted).getBoundingClientRect();
				const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
				return x > frame.x && x < frame.right && y > frame.y && y < frame.bottom;
			}, selector);
		assert.ok(await isInside(".packet"), "the packet is in sight");
		assert.ok(await isInside(".callout"), "and the words where it dies");
		await page.click('.zoom [aria-label^="Whole map"]');
		await page.keyboard.press("ArrowLeft");
		assert.equal(
			await page.$('.zoom [title^="Follow"][aria-pressed="true"]'),
			null,
			"until told otherwise",
		);
	}));
