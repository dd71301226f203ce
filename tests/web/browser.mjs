// SPDX-License-Identifier: GPL-2.0-or-later
// A browser for the tests of the page: Chromium, or Firefox with BROWSER=firefox; CHROMIUM and
// FIREFOX name other programs. Modules of npm are below build/web (Makefile); the browser is the
// system's.

import assert from "node:assert/strict";
import {existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync} from "node:fs";
import {createRequire} from "node:module";
import {join, resolve} from "node:path";
import {pathToFileURL} from "node:url";

const modules = resolve(process.env.WEB_MODULES ?? "build/web");
const fromModules = createRequire(join(modules, "package.json"));
export const isFirefox = process.env.BROWSER === "firefox";

const CHROMIUM_FLAGS = [
	"--no-sandbox", // root has no sandbox, and the page under test can load nothing
	"--disable-gpu",
	"--disable-quic",
	"--no-first-run",
	"--disable-background-networking",
	"--disable-component-update",
	"--disable-sync",
	"--disable-dev-shm-usage",
];

// Only a hang ends a test, never a busy machine.
const PATIENCE_MS = 600000;

function program(names) {
	const folders = (process.env.PATH ?? "").split(":");
	const found = names
		.filter(Boolean)
		.flatMap(name => (name.includes("/") ? [name] : folders.map(folder => join(folder, name))))
		.find(existsSync);
	assert.ok(found, `no browser: ${names.filter(Boolean).join(", ")}`);
	return found;
}

export async function startBrowser() {
	const {default: puppeteer} = await import(
		pathToFileURL(fromModules.resolve("puppeteer-core")).href
	);
	mkdirSync(modules, {recursive: true});
	const profile = mkdtempSync(join(modules, "profile-"));
	const browser = await puppeteer.launch({
		browser: isFirefox ? "firefox" : "chrome",
		executablePath: isFirefox
			? program([process.env.FIREFOX, "firefox-esr", "firefox"])
			: program([process.env.CHROMIUM, "chromium", "chromium-browser", "google-chrome"]),
		headless: true,
		userDataDir: profile,
		args: isFirefox ? [] : CHROMIUM_FLAGS,
		protocolTimeout: PATIENCE_MS,
	});
	return {
		browser,
		async stop() {
			await browser.close();
			rmSync(profile, {recursive: true, force: true});
		},
	};
}

// A page whose console must stay silent: `problems` collects what it says.  quiz opens it with
// ?quiz; media are features such as {"prefers-color-scheme": "dark"}, which Firefox can't be told
// this way.
export async function openReport(
	browser,
	place,
	{
		hash = "",
		quiz = false,
		media = {},
		size = [1920, 1080],
		bypassPolicy = false,
		ready = ".results, .map-view, .call",
	} = {},
) {
	const start = /^http:/.test(place) ? place : pathToFileURL(resolve(place)).href;
	const address = `${start}${quiz ? "?quiz" : ""}${hash}`;
	const page = await browser.newPage();
	page.setDefaultTimeout(PATIENCE_MS);
	const problems = [];
	// Browsers ask a server for an icon; the page's policy forbids it, and Firefox says so.
	const isIcon = text => /\/favicon\.ico\b/.test(text);
	page.on("console", message => {
		const where = `${message.location()?.url} ${message.text()}`;
		if (["error", "warn", "warning"].includes(message.type()) && !isIcon(where)) {
			problems.push(`${message.type()}: ${message.text()}`);
		}
	});
	const broken = new Promise((_, reject) =>
		page.on("pageerror", error => {
			if (!isIcon(error.message)) {
				problems.push(`error: ${error.message}`);
				reject(error);
			}
		}),
	);
	broken.catch(() => {}); // problems tells it, too
	page.on("dialog", async dialog => {
		problems.push(`dialog: ${dialog.message()}`);
		await dialog.dismiss();
	});
	page.on("request", request => {
		const url = request.url();
		const isOwn =
			[address, `${start}socket`].includes(url) || /^(file|data|blob|ws):/.test(url);
		if (!isOwn && !isIcon(url)) {
			problems.push(`request: ${url}`);
		}
	});
	await page.setViewport({width: size[0], height: size[1]});
	if (bypassPolicy) {
		await page.setBypassCSP(true);
	}
	if (!isFirefox) {
		await page.emulateMediaFeatures(
			Object.entries({"prefers-reduced-motion": "reduce", ...media}).map(([name, value]) => ({
				name,
				value,
			})),
		);
	}
	await page.goto(address, {waitUntil: "domcontentloaded"});
	await Promise.race([page.waitForSelector(ready), broken]);
	return {page, problems};
}

export const textOf = (page, selector) => page.$eval(selector, element => element.textContent);

// Light or dark, by the page's own switch where the browser can't be told.
export async function showScheme(page, scheme) {
	const shown = () =>
		page.evaluate(() => {
			const ground = getComputedStyle(document.documentElement).backgroundColor;
			const [red] = ground.match(/\d+/g).map(Number);
			return red < 128 ? "dark" : "light";
		});
	if ((await shown()) !== scheme) {
		await page.click('[aria-label="Light or dark"]');
	}
	assert.equal(await shown(), scheme);
}

// What axe-core finds, each with where.
export async function axeViolations(page) {
	const source = fromModules.resolve("axe-core/axe.min.js");
	if (!(await page.evaluate(() => Boolean(globalThis.axe)))) {
		await page.evaluate(readFileSync(source, "utf8"));
	}
	const {violations} = await page.evaluate(() =>
		globalThis.axe.run(document, {resultTypes: ["violations"]}),
	);
	return violations.map(one => `${one.id}: ${one.nodes.map(node => node.target).join("; ")}`);
}
