// SPDX-License-Identifier: GPL-2.0-or-later
// Where the page begins: over the file that it stands in, or over a lab that is up.

import {App} from "./app.js";
import {embeddedSource, isLivePage, liveSource} from "./source.js";

const source = isLivePage(document)
	? liveSource(document, location.href)
	: embeddedSource(document);
new App(source).start();
