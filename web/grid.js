// SPDX-License-Identifier: GPL-2.0-or-later
// The grid of a scenario, as the terminal shows it: a triangle of endpoints, the endpoint of the
// column places the call. A cell says its outcome by a word and a mark; colour only repeats them.

import {make, moveByArrows} from "./dom.js";
import {callName, mediumWord, outcomeOf, outcomeSentence} from "./words.js";

const isConference = cell => cell.media.endsWith("conference");
// The same call in another scenario.
const callKey = cell => [cell.conference ?? "", cell.a ?? "", cell.b ?? "", cell.media].join("\n");

export const isSameCall = (cell, other) => callKey(cell) === callKey(other);

function cellsByCall(scenario) {
	return new Map((scenario?.cells ?? []).map(cell => [callKey(cell), cell]));
}

function cellSentence(cell, other, secret) {
	const outcome = outcomeOf(cell);
	const parts = [
		`${callName(cell)}, ${mediumWord(cell.media)}: ${outcome.word}.`,
		outcomeSentence(cell),
	];
	if (cell.as_expected === false) {
		parts.push("This is not what the scenario expects.");
	}
	if (cell.cause && !secret) {
		parts.push(`Cause: ${cell.cause}.`);
	}
	if (other) {
		parts.push(`Differs: ${outcomeOf(other).word} in the other scenario.`);
	}
	return parts.join(" ");
}

function gridButton(cell, others, options) {
	const outcome = outcomeOf(cell);
	const twin = others.get(callKey(cell));
	const differs = twin !== undefined && outcomeOf(twin).word !== outcome.word;
	return make(
		"button",
		{
			type: "button",
			class: ["outcome", outcome.kind, differs && "differs"],
			"data-open": cell.id,
			"aria-label": cellSentence(cell, differs ? twin : null, options.secret),
			title: cellSentence(cell, differs ? twin : null, options.secret),
			on: {click: () => options.open(cell.id)},
		},
		make("span", {class: "mark", "aria-hidden": "true"}, differs ? "≠" : outcome.mark),
		make("span", {class: "word"}, outcome.word, cell.as_expected === false ? "!" : ""),
	);
}

function siteHeads(columns) {
	const heads = [];
	for (const end of columns) {
		const last = heads[heads.length - 1];
		if (last && last.site === end.site) {
			last.span++;
		} else {
			heads.push({site: end.site, span: 1});
		}
	}
	return heads.map(head =>
		make("th", {colspan: head.span, scope: "colgroup", class: "site"}, head.site ?? ""),
	);
}

// Rows of one endpoint: one a medium.
function endpointRows(end, columns, media, cells, others, options) {
	return make(
		"tbody",
		{},
		media.map((medium, i) =>
			make(
				"tr",
				{class: i === 0 ? "first" : null},
				i === 0
					? make("th", {scope: "rowgroup", rowspan: media.length, class: "end"}, end.name)
					: null,
				make("th", {scope: "row", class: "medium"}, mediumWord(medium)),
				columns.map(column => {
					const cell = cells.get(callKey({a: column.name, b: end.name, media: medium}));
					return make("td", {}, cell ? gridButton(cell, others, options) : null);
				}),
			),
		),
	);
}

function conferenceList(scenario, others, options) {
	const conferences = scenario.cells.filter(isConference);
	if (conferences.length === 0) {
		return null;
	}
	return make(
		"div",
		{class: "conferences"},
		make("h3", {}, "Conferences"),
		make(
			"table",
			{},
			make(
				"tbody",
				{},
				conferences.map(cell =>
					make(
						"tr",
						{},
						make("th", {scope: "row"}, cell.conference ?? cell.id),
						make("td", {}, mediumWord(cell.media).replace(" conference", "")),
						make("td", {}, gridButton(cell, others, options)),
						make("td", {class: "quiet"}, (cell.participants ?? []).join(", ")),
					),
				),
			),
		),
	);
}

// options: open(id) is called with the cell that was chosen; `secret` leaves causes out; `other` is
// the scenario to compare with, or null.
export function makeGrid(scenario, endpoints, options) {
	const cells = cellsByCall(scenario);
	const others = cellsByCall(options.other);
	const calls = scenario.cells.filter(cell => !isConference(cell));
	const columns = endpoints.filter(end => calls.some(cell => cell.a === end.name));
	const rows = endpoints.filter(end => calls.some(cell => cell.b === end.name));
	const media = ["im", "audio", "video"].filter(medium =>
		calls.some(cell => cell.media === medium),
	);
	const element = make(
		"section",
		{class: "grid", "aria-label": `Results of ${scenario.name}`},
		make(
			"h2",
			{},
			make("span", {class: "name"}, scenario.name),
			scenario.title ? `: ${scenario.title}` : "",
		),
		rows.length === 0
			? null
			: make(
					"div",
					{class: "scroll"},
					make(
						"table",
						{class: "cells"},
						make(
							"caption",
							{class: "unseen"},
							"The endpoint of the column calls that of the row.",
						),
						make(
							"thead",
							{},
							make("tr", {}, make("td", {colspan: 2}), siteHeads(columns)),
							make(
								"tr",
								{},
								make("td", {colspan: 2}),
								columns.map(end => make("th", {scope: "col"}, end.name)),
							),
						),
						rows.map(end => endpointRows(end, columns, media, cells, others, options)),
					),
				),
		conferenceList(scenario, others, options),
	);
	moveByArrows(element, "button.outcome");
	return element;
}

// "60 pass, 22 fail": of all cells of a scenario, and how many are not as expected.
export function gridSummary(scenario) {
	const count = verdict => scenario.cells.filter(cell => cell.verdict === verdict).length;
	const parts = [
		[count("pass"), "pass"],
		[count("fail"), "fail"],
		[count("error"), "ERROR"],
	].filter(([number]) => number > 0);
	const odd = scenario.cells.filter(cell => cell.as_expected === false).length;
	return (
		`${parts.map(part => part.join(" ")).join(", ") || "no cells"}; ` +
		`${odd === 0 ? "all as expected" : `${odd} not as expected`}`
	);
}

export function gridDifferences(scenario, other) {
	const others = cellsByCall(other);
	return scenario.cells.filter(cell => {
		const twin = others.get(callKey(cell));
		return twin && outcomeOf(twin).word !== outcomeOf(cell).word;
	});
}
