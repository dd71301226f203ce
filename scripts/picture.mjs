// SPDX-License-Identifier: GPL-2.0-or-later
// usage: WEB_MODULES=build/web node scripts/picture.mjs REPORT PNG
// Draws the page of a run as README.md shows it: the call that fails, at the packet of branch1 that
// ends at the Edge.

import {openReport, startBrowser, textOf} from "../tests/web/browser.mjs";

const CELL = "missing-route/branch1-home1/audio";
const SHOWN = "branch1 asks the relay on edge";
const LOST_MAX = 100;
const WIDTH = 1280;
const HEIGHT = 752;
const FOOT = 24; // of the window, in which the page has nothing

const [report, png] = process.argv.slice(2);
const running = await startBrowser();
try {
	const {page} = await openReport(running.browser, report, {
		hash: `#view=call&cell=${encodeURIComponent(CELL)}`,
		size: [WIDTH, HEIGHT + FOOT],
	});
	await page.waitForSelector(".player");
	for (let lost = 0; !(await textOf(page, ".player")).includes(SHOWN); lost++) {
		if (lost === LOST_MAX) {
			throw new Error(`no packet is lost where '${SHOWN}'`);
		}
		await page.keyboard.press("x");
	}
	await page.screenshot({path: png, clip: {x: 0, y: 0, width: WIDTH, height: HEIGHT}});
} finally {
	await running.stop();
}
