// SPDX-License-Identifier: GPL-2.0-or-later
// Lessons: text, question, command, and the answer when it is asked for.  In a report they are
// read; over a lab that is up the commands that the page knows are run by a button.

import {chooser, copyable, make, replaceContent} from "./dom.js";
import {orderOf} from "./feed.js";

const paragraphs = (text, kind) =>
	String(text ?? "")
		.split(/\n\s*\n|\n/)
		.map(one => one.trim())
		.filter(Boolean)
		.map(one => make("p", {class: kind}, one));

// A command to copy, and where the lab can be asked for it, a button that runs it.
function lessonCommand(command, lab, run) {
	const text = String(command).trim().replaceAll("$LAB", lab);
	const order = run ? orderOf(text) : null;
	const said = make("p", {class: "refused", role: "status"});
	const button = order
		? make(
				"button",
				{
					type: "button",
					class: "go",
					on: {
						click: async () => {
							button.disabled = true;
							replaceContent(said, "…");
							const error = await run(order);
							button.disabled = false;
							replaceContent(said, error ? `✗ ${error}` : null);
						},
					},
				},
				"▶ Run it",
			)
		: null;
	return make(
		"div",
		{class: "command"},
		copyable(text, "the command"),
		button ?? (run ? make("p", {class: "quiet"}, "This one is for a terminal.") : null),
		order ? said : null,
	);
}

function lessonStep(step, number, options) {
	return make(
		"li",
		{class: "lesson-step", "data-step": number},
		paragraphs(step.text),
		step.question
			? make("p", {class: "question"}, make("strong", {}, "Question: "), step.question)
			: null,
		(step.run ?? []).map(command =>
			lessonCommand(command, options.lab ?? "lesson", options.run),
		),
		step.answer
			? make(
					"details",
					{class: "answer"},
					make("summary", {}, "Show the answer"),
					paragraphs(step.answer),
				)
			: null,
	);
}

function lessonHead(lesson, options) {
	const {now} = options;
	const isHere = !now || (now.topology === lesson.topology && now.scenario === lesson.scenario);
	return [
		make("h2", {}, lesson.title),
		now
			? null
			: make(
					"p",
					{class: "quiet"},
					"As a guided session in a terminal: ",
					make("code", {}, `testbed lesson ${lesson.name}`),
				),
		isHere
			? null
			: make(
					"p",
					{class: "note"},
					`It is about the network ${lesson.topology} in the scenario ` +
						`${lesson.scenario}. `,
					now.topology === lesson.topology
						? make(
								"button",
								{
									type: "button",
									class: "go",
									on: {click: () => options.bring(lesson.scenario)},
								},
								`Go to ${lesson.scenario}`,
							)
						: "This lab is another network.",
				),
	];
}

// options: lab, its name; run(order), a promise of null or of words why not (absent: nothing can be
// run); now, {topology, scenario} of the lab; bring(scenario).  chosen is the lesson that was open,
// choose(name) is told of another one.
export function lessonsContent(lessons, options) {
	const lesson = lessons.find(one => one.name === options.chosen) ?? lessons[0];
	if (!lesson) {
		return make("p", {class: "quiet"}, "There is no lesson.");
	}
	return make(
		"div",
		{class: "lesson"},
		chooser(
			"Lesson",
			lessons.map(one => [one.name, one.name]),
			lesson.name,
			options.choose,
		),
		lessonHead(lesson, options),
		make(
			"ol",
			{class: "lesson-steps"},
			(lesson.steps ?? []).map((step, i) => lessonStep(step, i + 1, options)),
		),
	);
}

// The view of a report.
export function lessonsView(app) {
	const element = make("div", {class: "lessons-view"});
	const draw = chosen =>
		replaceContent(
			element,
			lessonsContent(app.index.lessons, {
				chosen,
				choose: name => {
					draw(name);
					element.querySelector("select")?.focus();
				},
			}),
		);
	draw(null);
	return {element, key: () => false, leave() {}};
}
