// SPDX-License-Identifier: GPL-2.0-or-later
// A story whose every text tries to become code, and stories that are not whole: nothing runs,
// nothing is loaded, the page stands.

import assert from "node:assert/strict";
import {mkdirSync, readFileSync, writeFileSync} from "node:fs";
import {join, resolve} from "node:path";
import {after, before, test} from "node:test";
import {openReport, startBrowser} from "./browser.mjs";
import {startFakeLab} from "./fake-lab.mjs";
import {joinPage} from "./join.mjs";

const folder = resolve(process.env.WEB_MODULES ?? "build/web");
const story = () =>
	JSON.parse(readFileSync(new URL("fixtures/story.json", import.meta.url), "utf8"));
const LESSONS = [
	{
		name: "one",
		title: "A lesson",
		topology: "lync",
		scenario: "missing-route",
		steps: [
			{
				text: "Text.",
				question: "Why?",
				run: ["testbed call -n $LAB branch1 home1"],
				answer: "So.",
			},
		],
	},
];
const ATTACKS = [
	"</script><script>window.hacked=1</script>",
	"<img src=x onerror=window.hacked=1>",
	'"><svg onload=window.hacked=1>',
	"javascript:window.hacked=1",
	"@SCRIPT@ @CELLS@ $& $' ]]>",
	"<!--<script>",
	"\u0000\u202e\ud800",
	"' onfocus=window.hacked=1 autofocus x='",
	"__proto__",
];
// Names that other parts of the document refer to stay what they are.
const STRUCTURE = new Set([
	"schema",
	"kind",
	"verdict",
	"media",
	"phase",
	"protocol",
	"side",
	"scenario",
	"id",
	"a",
	"b",
	"node",
	"iface",
	"from",
	"to",
	"name",
	"place",
	"path",
]);

let next = 0;
function poisoned(value, key) {
	if (typeof value === "string") {
		return STRUCTURE.has(key) ? value : `${value} ${ATTACKS[next++ % ATTACKS.length]}`;
	}
	if (Array.isArray(value)) {
		return value.map(one => poisoned(one, key));
	}
	return value && typeof value === "object"
		? Object.fromEntries(
				Object.entries(value).map(([name, one]) => [name, poisoned(one, name)]),
			)
		: value;
}

let running;
before(async () => {
	running = await startBrowser();
	mkdirSync(folder, {recursive: true});
});
after(() => running?.stop());

async function visited(document, name) {
	const file = join(folder, `${name}.html`);
	writeFileSync(file, joinPage(document));
	const {page, problems} = await openReport(running.browser, file);
	for (const hash of [
		"#view=map",
		...Object.keys(document.cells).map(id => `#view=call&cell=${encodeURIComponent(id)}`),
	]) {
		await page.evaluate(where => {
			location.hash = where;
		}, hash);
		await page.waitForSelector(hash.startsWith("#view=call") ? ".call" : ".map-view");
		for (const tab of await page.$$("[role=tab]")) {
			await tab.click();
		}
		for (const key of ["Home", "x", "f", "End"]) {
			await page.keyboard.press(key);
		}
	}
	const found = await page.evaluate(() => ({
		hacked: window.hacked ?? null,
		scripts: document.querySelectorAll("script:not([type])").length,
		images: document.querySelectorAll("img, iframe, object, embed, a[href^=javascript]").length,
	}));
	await page.close();
	assert.deepEqual(found, {hacked: null, scripts: 0, images: 0});
	assert.deepEqual(problems, []);
}

test("texts that try to become code stay texts", () => visited(poisoned(story()), "hostile"));

test("ids and names that try to become code stay names", () => {
	const text = JSON.stringify(story()).replaceAll(
		"branch1",
		"b<img src=x onerror=window.hacked=1>\\\"'",
	);
	return visited(JSON.parse(text), "hostile-names");
});

// What is missing is shown as missing.
const LACKS = {
	"a course of nonsense": cell =>
		Object.assign(cell, {
			quality: [
				{
					end: "home1",
					stream: "audio",
					course: {begins_ms: "x", every_ms: null, intervals: [null, "a", [1], [{}, 2]]},
				},
			],
		}),
	"no evidence": cell =>
		Object.assign(cell, {
			evidence: false,
			steps: cell.steps.map(({way, times, ...step}) => ({...step, hops: []})),
		}),
	"no steps": cell => Object.assign(cell, {steps: []}),
	"no explanation": cell =>
		Object.assign(cell, {explanation: null, trial: null, pairs: [], quality: [], sessions: []}),
	"nodes that the map has not": cell =>
		Object.assign(cell, {
			ways: cell.ways.map(way => way.map(hop => ({...hop, node: "nowhere"}))),
		}),
	"ways that are not there": cell => Object.assign(cell, {ways: []}),
	"nobody has the address": cell =>
		Object.assign(cell, {steps: cell.steps.map(step => ({...step, to: null, lost: null}))}),
};
for (const [name, change] of Object.entries(LACKS)) {
	test(`a story with ${name}`, () => {
		const document = story();
		Object.values(document.cells).forEach(change);
		return visited(document, "lacking");
	});
}

test("a report without maps, and one without scenarios", async () => {
	const document = story();
	document.scenarios.forEach(scenario => delete scenario.map);
	const file = join(folder, "bare.html");
	writeFileSync(file, joinPage(document));
	const {page, problems} = await openReport(running.browser, file, {
		hash: `#view=call&cell=${encodeURIComponent(Object.keys(document.cells)[0])}`,
	});
	await page.keyboard.press("ArrowRight");
	await page.close();
	assert.deepEqual(problems, []);
});

// --- a lab that is up ---

async function inFakeLab(stories, options, scene) {
	const lab = await startFakeLab(stories, {stepMs: 1, ...options});
	const {page, problems} = await openReport(running.browser, lab.url, {ready: ".link.free"});
	try {
		await scene(page, lab);
		assert.equal(await page.evaluate(() => window.hacked ?? null), null);
		assert.deepEqual(problems, []);
	} finally {
		await page.close();
		await lab.stop();
	}
}

async function callFails(page) {
	await page.click(".place-call");
	await page.waitForSelector(".try"); // the why has come
	await page.click("#tab-changes");
}

// The fixture's two calls: one fails, and one that goes as it should.
function twoStories(change = story => story) {
	const whole = change(story());
	return whole.scenarios.map(scenario => ({
		...whole,
		scenarios: [scenario],
		cells: Object.fromEntries(
			Object.entries(whole.cells).filter(([, cell]) => cell.scenario === scenario.name),
		),
	}));
}

test("a lab whose every text tries to become code", () =>
	inFakeLab(
		twoStories(whole => poisoned(whole)),
		{lessons: poisoned(LESSONS)},
		async page => {
			await callFails(page);
			for (const tab of await page.$$("[role=tab]")) {
				await tab.click();
			}
			await page.click(".lesson .answer summary");
			await page.click("#tab-why");
			await page.click('.try[data-kind="copy"]');
			await page.waitForSelector('.switch [aria-pressed="true"]');
			await page.click("#tab-why");
		},
	));

test("a lab: connection lost and made again, refusals, the lab's end", () =>
	inFakeLab(twoStories(), {lessons: LESSONS}, async (page, lab) => {
		await callFails(page);
		const lost = page.waitForSelector(".link.lost");
		lab.drop();
		await lost;
		await page.waitForSelector(".link.free");
		assert.equal((await page.$$(".history [data-call]")).length, 2, "the call is there again");
		await page.type("#set-words", "nonsense");
		await page.keyboard.press("Enter");
		await page.waitForFunction(() =>
			/expected a change/.test(document.querySelector(".changes-panel .refused").textContent),
		);
		lab.tell({event: "lab-down", text: "the lab was taken down"});
		await page.waitForSelector(".link.down");
		assert.equal(await page.$eval(".place-call", button => button.disabled), true);
	}));

test("a page that only watches has nothing to change a lab with", () =>
	inFakeLab(twoStories(), {readOnly: true, lessons: LESSONS}, async page => {
		assert.equal(await page.$(".place-call"), null);
		assert.equal(await page.$(".set"), null);
		assert.equal(await page.$(".lesson .command .go"), null);
	}));
