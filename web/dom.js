// SPDX-License-Identifier: GPL-2.0-or-later
// Elements of the page.  What a report says is untrusted: it becomes text nodes and the values of
// attributes that can't run anything.  Nothing here, or elsewhere in the page, parses text as HTML.

const SVG_NAMESPACE = "http://www.w3.org/2000/svg";

// Attributes: `on` is a table of event handlers, `class` may be a list; null and false leave an
// attribute out.
function dressed(element, attributes, children) {
	for (const [name, value] of Object.entries(attributes)) {
		if (value === null || value === undefined || value === false) {
			continue;
		}
		if (name === "on") {
			for (const [type, handler] of Object.entries(value)) {
				element.addEventListener(type, handler);
			}
		} else if (name === "class") {
			element.setAttribute(
				"class",
				Array.isArray(value) ? value.filter(Boolean).join(" ") : value,
			);
		} else {
			element.setAttribute(name, value === true ? "" : String(value));
		}
	}
	element.append(
		...children
			.flat(Infinity)
			.filter(child => child !== null && child !== undefined && child !== false),
	);
	return element;
}

// make("p", {class: "x"}, "text", element, ...): strings become text.
export function make(tag, attributes = {}, ...children) {
	return dressed(document.createElement(tag), attributes, children);
}

export function makeSvg(tag, attributes = {}, ...children) {
	return dressed(document.createElementNS(SVG_NAMESPACE, tag), attributes, children);
}

export function replaceContent(element, ...children) {
	element.replaceChildren(
		...children
			.flat(Infinity)
			.filter(child => child !== null && child !== undefined && child !== false),
	);
	return element;
}

// What only a screen reader is told.
export function sayAloud(text) {
	document.getElementById("said").textContent = text;
}

export function reducedMotion() {
	return window.matchMedia("(prefers-reduced-motion: reduce)").matches;
}

// Copies without the clipboard's interface, which some browsers refuse to pages from a file.
function copyBySelection(text) {
	const area = make("textarea", {class: "unseen", readonly: true, "aria-hidden": "true"});
	area.value = text;
	document.body.append(area);
	area.select();
	const copied = document.execCommand("copy");
	area.remove();
	return copied;
}

async function copyText(text) {
	try {
		await navigator.clipboard.writeText(text);
		return true;
	} catch {
		return copyBySelection(text);
	}
}

// A command (or other text to type) with a button that copies it.  `name` says what is copied.
export function copyable(text, name) {
	const button = make(
		"button",
		{type: "button", class: "copy", "aria-label": `Copy ${name}`},
		"Copy",
	);
	button.addEventListener("click", async () => {
		const copied = await copyText(text);
		button.focus();
		button.textContent = copied ? "Copied" : "Select it by hand";
		sayAloud(copied ? `Copied ${name}` : "It could not be copied");
		setTimeout(() => {
			button.textContent = "Copy";
		}, 1500);
	});
	return make("div", {class: "copyable"}, make("pre", {}, text), button);
}

// Rows are lists of texts or elements.  A table says that it is empty rather than showing nothing.
export function makeTable(caption, heads, rows, empty = "none") {
	const body = rows.map(row =>
		make(
			"tr",
			{},
			row.map((cell, i) =>
				i === 0
					? make("th", {scope: "row"}, cell ?? "")
					: make(
							"td",
							{},
							cell === null || cell === undefined
								? ""
								: cell instanceof Node
									? cell
									: String(cell),
						),
			),
		),
	);
	if (rows.length === 0) {
		return make(
			"div",
			{class: "table"},
			make("h3", {}, caption),
			make("p", {class: "quiet"}, empty),
		);
	}
	return make(
		"div",
		{class: "table", tabindex: "0", role: "region", "aria-label": caption},
		make(
			"table",
			{},
			make("caption", {}, caption),
			make(
				"thead",
				{},
				make(
					"tr",
					{},
					heads.map(head => make("th", {scope: "col"}, head)),
				),
			),
			make("tbody", {}, body),
		),
	);
}

// How a call came out, as a mark and a word (outcomeOf of words.js).
export function outcomeBadge(outcome) {
	return make("span", {class: `outcome ${outcome.kind}`}, outcome.mark, " ", outcome.word);
}

export function chooser(label, options, chosen, choose) {
	const select = make(
		"select",
		{"aria-label": label, on: {change: () => choose(select.value)}},
		options.map(([value, text]) => make("option", {value, selected: value === chosen}, text)),
	);
	return make("label", {class: "chooser"}, make("span", {}, label), select);
}

// Arrow keys move among `items`; only one of them is a stop of the Tab key.
export function rovingFocus(items, step) {
	items.forEach((item, i) => item.setAttribute("tabindex", i === 0 ? "0" : "-1"));
	return event => {
		const from = items.indexOf(event.target);
		const to = from < 0 ? -1 : step(from, event.key);
		if (to < 0 || to >= items.length || event.ctrlKey || event.altKey || event.metaKey) {
			return;
		}
		event.preventDefault();
		event.stopPropagation();
		moveFocusTo(items, to);
	};
}

export function moveFocusTo(items, to) {
	for (const item of items) {
		item.setAttribute("tabindex", "-1");
	}
	items[to].setAttribute("tabindex", "0");
	items[to].focus();
}

// Panels that share a place: a list of tabs, [key, name, panel].
export function makeTabs(label, tabs, chosen) {
	const buttons = tabs.map(([key, name]) =>
		make(
			"button",
			{
				type: "button",
				role: "tab",
				id: `tab-${key}`,
				"aria-controls": `panel-${key}`,
				on: {click: () => show(key)},
			},
			name,
		),
	);
	const panels = tabs.map(([key, , content]) =>
		make(
			"div",
			{
				class: "panel",
				role: "tabpanel",
				id: `panel-${key}`,
				"aria-labelledby": `tab-${key}`,
				tabindex: "0",
			},
			content,
		),
	);
	const move = rovingFocus(
		buttons,
		(from, key) =>
			({
				ArrowRight: (from + 1) % buttons.length,
				ArrowLeft: (from + buttons.length - 1) % buttons.length,
				Home: 0,
				End: buttons.length - 1,
			})[key] ?? -1,
	);
	function show(wanted) {
		tabs.forEach(([key], i) => {
			const here = key === wanted;
			buttons[i].setAttribute("aria-selected", String(here));
			buttons[i].setAttribute("tabindex", here ? "0" : "-1");
			panels[i].hidden = !here;
		});
	}
	show(chosen);
	return {
		list: make(
			"div",
			{class: "tabs", role: "tablist", "aria-label": label, on: {keydown: move}},
			buttons,
		),
		panels,
		show,
		chosen: () =>
			tabs[buttons.findIndex(button => button.getAttribute("aria-selected") === "true")][0],
	};
}

// Where an arrow key leads to from an item: to the nearest one that way.
function nearestThatWay(items, from, key) {
	const way = {ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1]}[key];
	if (!way) {
		return {Home: 0, End: items.length - 1}[key] ?? -1;
	}
	const place = item => {
		const box = item.getBoundingClientRect();
		return [box.x + box.width / 2, box.y + box.height / 2];
	};
	const [x, y] = place(items[from]);
	let best = -1;
	let bestDistance = Infinity;
	items.forEach((item, i) => {
		const [cx, cy] = place(item);
		const ahead = (cx - x) * way[0] + (cy - y) * way[1];
		const aside = Math.abs((cx - x) * way[1]) + Math.abs((cy - y) * way[0]);
		const distance = ahead + 3 * aside;
		if (ahead > 2 && distance < bestDistance) {
			best = i;
			bestDistance = distance;
		}
	});
	return best;
}

// The items under `element` that match are one stop of the Tab key; arrow keys move among them as
// they lie on the screen.
export function moveByArrows(element, selector) {
	const items = [...element.querySelectorAll(selector)];
	items.forEach((item, i) => item.setAttribute("tabindex", i === 0 ? "0" : "-1"));
	element.addEventListener("keydown", event => {
		const from = items.indexOf(event.target);
		const to =
			from < 0 || event.shiftKey || event.ctrlKey || event.altKey || event.metaKey
				? -1
				: nearestThatWay(items, from, event.key);
		if (to >= 0) {
			event.preventDefault();
			event.stopPropagation();
			moveFocusTo(items, to);
		}
	});
}
