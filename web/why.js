// SPDX-License-Identifier: GPL-2.0-or-later
// Why a call came out as it did: what, where, why, proof, fix, commands, and what became of the
// fix.

import {copyable, make, outcomeBadge} from "./dom.js";
import {countWord, outcomeOf, outcomeSentence} from "./words.js";

const PLACES = {lab: "In a lab that is up", windows: "On Windows", linux: "On a Linux gateway"};

function part(name, ...content) {
	return make("section", {class: "part"}, make("h3", {}, name), content);
}

function whereWords(cause) {
	return [
		cause.node ? `at ${cause.node}` : null,
		cause.object,
		cause.direction === "back"
			? "on the way back (the answer)"
			: cause.direction === "there"
				? "on the way there (the question)"
				: null,
	]
		.filter(Boolean)
		.join(", ");
}

function commandList(remedy) {
	const places = [...new Set((remedy.commands ?? []).map(command => command.place))];
	return [
		remedy.change
			? make(
					"div",
					{},
					make("h4", {}, "As a change of a scenario"),
					copyable(remedy.change.trimEnd(), "the change"),
				)
			: null,
		remedy.set
			? make(
					"div",
					{},
					make("h4", {}, "In a lab that is up, by testbed"),
					copyable(remedy.set, "the command for testbed"),
					remedy.undo
						? [
								make("p", {class: "undo"}, "to undo:"),
								copyable(remedy.undo, "the command that undoes it"),
							]
						: null,
				)
			: null,
		places.map(place =>
			make(
				"div",
				{},
				make("h4", {}, PLACES[place] ?? place),
				remedy.commands
					.filter(command => command.place === place)
					.map(command => [
						copyable(
							command.text,
							`the command${command.node ? ` for ${command.node}` : ""}`,
						),
						command.undo
							? [
									make("p", {class: "undo"}, "to undo:"),
									copyable(command.undo, "the command that undoes it"),
								]
							: null,
					]),
			),
		),
	];
}

function trialWords(trial) {
	if (!trial || !trial.made) {
		return make("p", {class: "quiet"}, `Not tried${trial?.error ? `: ${trial.error}` : ""}.`);
	}
	const outcome = outcomeOf(trial);
	const isHarmless = (trial.broken ?? []).length === 0;
	const broken = isHarmless ? "none broke" : `broken: ${trial.broken.join(", ")}`;
	return make(
		"p",
		{},
		"Tried on a copy of the network: ",
		outcomeBadge(outcome),
		trial.others > 0 ? ` ${countWord(trial.others, "other call")} placed, ${broken}.` : "",
	);
}

function proofList(explanation) {
	return [
		make(
			"ul",
			{class: "proof"},
			(explanation.proof ?? []).map(line => make("li", {}, line)),
		),
		(explanation.walks ?? []).length > 0
			? make(
					"details",
					{},
					make(
						"summary",
						{},
						`${countWord(explanation.walks.length, "way")} looked up in the kernels`,
					),
					make(
						"ul",
						{},
						explanation.walks.map(walk =>
							make(
								"li",
								{},
								`${walk.leg}: ends at ${walk.node ?? "?"} (${walk.end}); ` +
									`${walk.there} packets there, ${walk.back} back; the ` +
									`packets ${walk.packets}.`,
							),
						),
					),
				)
			: null,
		(explanation.missing ?? []).length > 0
			? make("p", {class: "quiet"}, `Not known: ${explanation.missing.join("; ")}`)
			: null,
	];
}

function fixPart(explanation, isLive) {
	if (!explanation.fix) {
		return part("Fix", make("p", {}, "No change is suggested."));
	}
	const tried = explanation.trial?.made || !isLive ? trialWords(explanation.trial) : null;
	return part("Fix", tried, commandList(explanation.fix));
}

function otherWays(explanation, isLive) {
	return (explanation.alternatives ?? []).map(way =>
		part(
			"Another way",
			make("p", {}, way.name ?? ""),
			way.trial?.made || !isLive ? trialWords(way.trial) : null,
			make("details", {}, make("summary", {}, "Its commands"), commandList(way)),
		),
	);
}

// The map of a scenario with the fix: what was missing is there.
export const mapWithFix = map => ({...map, missing: []});

// In place of why, while the call is shown as it went with the fix.
export function triedContent(trial, back) {
	return make(
		"div",
		{},
		part(
			"The fix as tried",
			make(
				"pre",
				{tabindex: "0", role: "region", "aria-label": "The change"},
				trial.change?.trimEnd?.() ?? "",
			),
			make("p", {}, outcomeSentence(trial.story)),
			make(
				"p",
				{class: "quiet"},
				"These are the packets of the call that was placed again on a copy of the " +
					"network with this change.",
			),
		),
		make(
			"button",
			{type: "button", class: "try", on: {click: back}},
			"Back to the call as it is",
		),
	);
}

// In place of why, until `reveal` is asked for.
export function quizContent(reveal) {
	return make(
		"div",
		{class: "quiz"},
		make("p", {}, "Follow the packets first. Where do they end, and why?"),
		make("button", {type: "button", class: "reveal", on: {click: reveal}}, "Show why"),
	);
}

// The whole panel of one cell; `cures` are what the page can do about it: {words, show()}, or null.
// isLive: in a lab that is up fixes are switched on, not tried on a copy.
export function whyContent(cell, cures = [], isLive = false) {
	const {explanation} = cell;
	if (!explanation || !explanation.cause) {
		const outcome = outcomeOf(cell);
		return [
			part(
				"What",
				make(
					"p",
					{class: "what"},
					outcomeBadge(outcome),
					" ",
					explanation?.what ?? cell.reason ?? "",
				),
			),
			cell.verdict === "pass"
				? make(
						"p",
						{class: "quiet"},
						"The call works. There is nothing to explain; the player shows how " +
							"it went.",
					)
				: make(
						"p",
						{class: "quiet"},
						explanation?.why ?? "No explanation is in this report.",
					),
		];
	}
	const {cause} = explanation;
	return [
		part(
			"What",
			make("p", {class: "what"}, explanation.what),
			cell.reason ? make("p", {class: "quiet"}, cell.reason) : null,
		),
		part("Where", make("p", {class: "where"}, whereWords(cause))),
		part(
			"Why",
			make("p", {class: "why"}, explanation.why),
			make("p", {}, make("code", {class: "cause"}, cause.code)),
			(explanation.effects ?? []).length > 0
				? make(
						"ul",
						{},
						explanation.effects.map(effect =>
							make(
								"li",
								{},
								make("code", {}, effect.code),
								` ${effect.node ?? ""}: ${effect.why}`,
							),
						),
					)
				: null,
		),
		part("Proof", proofList(explanation)),
		cures
			.filter(Boolean)
			.map(cure =>
				make(
					"button",
					{type: "button", class: "try", "data-kind": cure.kind, on: {click: cure.show}},
					cure.words,
				),
			),
		fixPart(explanation, isLive),
		otherWays(explanation, isLive),
	];
}
