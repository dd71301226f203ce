// SPDX-License-Identifier: GPL-2.0-or-later
// What is known of a lab that is up, by what its server has told (docs/LIVE.md, section "The
// page").  Pure: no document, no clock, no connection; source.js hands it one message after the
// other.

const CALLS_MAX = 40; // the oldest calls are forgotten

// Steps whose packets took the same way share it, so that a file stays small: a step then has the
// way's number and the times.
export function withHops(cell) {
	for (const step of cell.steps ?? []) {
		if (step.way !== undefined && step.way !== null) {
			step.hops = (cell.ways?.[step.way] ?? []).map((hop, i) => ({
				...hop,
				t_us: step.times?.[i],
			}));
		}
	}
	if (cell.trial?.story) {
		withHops(cell.trial.story);
	}
	return cell;
}

// A change as people compare it: line feeds and spaces don't matter.
export const changeWords = text =>
	String(text ?? "")
		.trim()
		.replace(/^- /, "")
		.replace(/\s+/g, " ");

export class Feed {
	constructor(index) {
		this.index = index;
		this.scenario = index.scenarios?.[0] ?? null;
		this.changes = []; // made in the lab by hand: {text, undo}
		this.nodes = {};
		this.nodesBefore = null; // as they were told before the last time
		this.as = null; // the scenario whose changes are in force, exactly
		this.lastAs = null; // the last one that was
		this.endpoints = [];
		this.busy = null;
		this.down = null; // why there is no lab any more
		this.calls = [];
		this.switches = []; // what can be switched on: {text, changes, source}
	}

	get isCalling() {
		return this.calls.some(call => call.isOn);
	}

	callOf(number) {
		return this.calls.find(call => call.number === number) ?? null;
	}

	// What became of the feed: "state", "busy", "begins", "steps", "ends", "explained", "tried",
	// "down", or null.
	apply(message) {
		const act = {
			state: () => this.takeState(message),
			busy: () => this.takeBusy(message),
			"call-begins": () => this.begin(message),
			steps: () => this.takeSteps(message),
			"call-ends": () => this.end(message),
			explained: () => this.explain(message),
			tried: () => this.takeTrial(message),
			"lab-down": () => {
				this.down = message.text ?? "The lab is down.";
				return "down";
			},
		}[message.event];
		return act ? act() : null;
	}

	takeState(message) {
		const names = changes => JSON.stringify((changes ?? []).map(change => change.text));
		if (message.nodes && JSON.stringify(message.nodes) !== JSON.stringify(this.nodes)) {
			this.nodesBefore = Object.keys(this.nodes).length > 0 ? this.nodes : null;
			this.nodes = message.nodes;
		}
		// Somebody changed the network.
		this.isMoved = JSON.stringify(message.changes ?? []) !== JSON.stringify(this.changes);
		this.isRedrawn =
			JSON.stringify(message.scenario?.map ?? null) !==
				JSON.stringify(this.scenario?.map ?? null) ||
			names(message.scenario?.changes) !== names(this.scenario?.changes);
		this.scenario = message.scenario ?? this.scenario;
		this.changes = message.changes ?? [];
		this.as = message.as ?? null;
		this.lastAs = this.as ?? this.lastAs;
		this.endpoints = message.endpoints ?? this.endpoints;
		this.busy = message.busy ?? null;
		this.down = null;
		const known = new Set(this.changesOf(this.lastAs).map(changeWords));
		for (const {text} of this.changes) {
			if (!known.has(changeWords(text))) {
				this.offer(text, [text], "made in this lab");
			}
		}
		return "state";
	}

	takeBusy(message) {
		this.busy = message.busy ?? null;
		return "busy";
	}

	// Of a scenario of the network, in the words of `set`.
	changesOf(name) {
		const scenario = (this.index.all_scenarios ?? []).find(one => one.name === name);
		return (scenario?.changes ?? []).map(change => String(change.text ?? change));
	}

	begin({call: number, cell}) {
		const call = {
			number,
			cell: {...cell, steps: cell?.steps ?? []},
			isOn: true,
			map: this.scenario?.map ?? null,
			as: this.as,
			changes: this.changesNow(),
			fixes: [],
		};
		this.calls = [...this.calls.filter(one => one.number !== number), call]
			.sort((a, b) => a.number - b.number)
			.slice(-CALLS_MAX);
		return "begins";
	}

	// What differs from the network of the file when a call is placed.
	changesNow() {
		return [
			...new Set(
				[...(this.scenario?.changes ?? []), ...this.changes].map(change =>
					changeWords(change.text),
				),
			),
		];
	}

	takeSteps({call: number, keep, steps}) {
		const call = this.callOf(number);
		if (!call || !Array.isArray(steps)) {
			return null;
		}
		const cell = withHops({ways: call.cell.ways, steps});
		call.cell.steps = [...call.cell.steps.slice(0, Math.max(0, keep ?? 0)), ...cell.steps];
		return "steps";
	}

	end({call: number, cell, result, map, past, as, changes}) {
		let call = this.callOf(number);
		if (!call) {
			this.begin({call: number, cell});
			call = this.callOf(number);
			call.map = map ?? call.map;
			call.changes = past ? (changes ?? []) : call.changes;
			call.as = past ? (as ?? null) : call.as;
		}
		const kept = call.cell.explanation;
		call.cell = withHops({
			...call.cell,
			...cell,
			explanation: cell.explanation ?? kept ?? null,
		});
		call.isOn = false;
		call.result = result ?? null;
		call.isPast = Boolean(past);
		return past ? "past" : "ends";
	}

	explain({call: number, explanation, fixes, steps, ways}) {
		const call = this.callOf(number);
		if (!call) {
			return null;
		}
		call.cell.explanation = explanation ?? null;
		if (Array.isArray(steps)) {
			call.cell = withHops({...call.cell, steps, ways: ways ?? call.cell.ways});
		}
		call.fixes = fixes ?? [];
		for (const fix of call.fixes) {
			this.offer(fix.text, fix.changes, `mends call ${number}`);
		}
		return "explained";
	}

	// A fix of that call, as it was tried on a copy of the lab.
	takeTrial({call: number, fix, trial}) {
		const call = this.callOf(number);
		if (!call || !trial?.story) {
			return null;
		}
		withHops(trial.story);
		call.trials = {...call.trials, [fix]: trial};
		return "tried";
	}

	offer(text, changes, source) {
		const key = (changes ?? []).map(changeWords).join("\n");
		if (key !== "" && !this.switches.some(one => one.key === key)) {
			this.switches.push({key, text, changes, source});
		}
	}

	// Whether every change of a switch is in force.
	isOnNow(changes) {
		const now = new Set(this.changesNow());
		return (changes ?? []).length > 0 && changes.every(change => now.has(changeWords(change)));
	}
}

// --- differences of two states -------------------------------------------------------------------

const LISTS = [
	["routes", "route"],
	["rules", "rule"],
	["nat", "NAT rule"],
	["firewall", "firewall rule"],
	["listeners", "listener"],
	["sessions", "session"],
];

// A line of a list, as it is compared: what only counts is no change.
function lineKey(value) {
	if (typeof value === "string") {
		return value.replace(/ (expires|timeout|age) \S+/g, "");
	}
	const {packets, bytes, timeout_s, ...rest} = value ?? {};
	return JSON.stringify(rest);
}

// Of one list: what is new in it, and what is gone.
export function listDifference(before, after) {
	const [old, now] = [new Set((before ?? []).map(lineKey)), new Set((after ?? []).map(lineKey))];
	return {
		added: (after ?? []).filter(one => !old.has(lineKey(one))),
		gone: (before ?? []).filter(one => !now.has(lineKey(one))),
	};
}

// {node: ["2 routes new", "1 session gone"]} of the nodes that differ; sessions come and go by
// themselves.
export function stateDifferences(before, after, withSessions = true) {
	const changed = {};
	for (const name of Object.keys(before ? (after ?? {}) : {})) {
		const words = LISTS.filter(([list]) => withSessions || list !== "sessions").flatMap(
			([list, word]) => {
				const {added, gone} = listDifference(before[name]?.[list], after[name]?.[list]);
				const told = (lines, what) =>
					lines.length > 0
						? [`${lines.length} ${word}${lines.length > 1 ? "s" : ""} ${what}`]
						: [];
				return [...told(added, "new"), ...told(gone, "gone")];
			},
		);
		if (words.length > 0) {
			changed[name] = words;
		}
	}
	return changed;
}

// --- commands of lessons -------------------------------------------------------------------------

// The words of a command, as a shell splits them: spaces, and single or double quotes.
export function splitWords(command) {
	return [...String(command).matchAll(/(?:[^\s'"]+|'[^']*'|"[^"]*")+/g)].map(([word]) =>
		word.replace(/'([^']*)'|"([^"]*)"/g, (_, single, double) => single ?? double),
	);
}

// What the server can be asked to do of "testbed VERB ...": an order, or null where only a terminal
// can.
export function orderOf(command) {
	const words = splitWords(command);
	if (words[0] !== "testbed") {
		return null;
	}
	const rest = [];
	let media = "audio";
	for (let i = 2; i < words.length; i++) {
		if (words[i] === "-n") {
			i++;
		} else if (words[i] === "--media") {
			media = words[++i];
		} else if (words[i].startsWith("-")) {
			return null;
		} else {
			rest.push(words[i]);
		}
	}
	return (
		{
			call: rest.length === 2 ? {do: "call", from: rest[0], to: rest[1], media} : null,
			set: rest.length > 0 ? {do: "set", changes: rest} : null,
			reset: rest.length === 0 ? {do: "reset"} : null,
			reboot: rest.length === 1 ? {do: "reboot", node: rest[0]} : null,
		}[words[1]] ?? null
	);
}
