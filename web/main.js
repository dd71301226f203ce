// SPDX-License-Identifier: GPL-2.0-or-later
// Where the page begins: over the file that it stands in.

import {App} from "./app.js";
import {embeddedSource} from "./source.js";

new App(embeddedSource(document)).start();
