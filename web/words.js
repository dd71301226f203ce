// SPDX-License-Identifier: GPL-2.0-or-later
// The page's words for what the data names by codes.

const PROTOCOLS = {
	dns: "DNS",
	tcp: "TCP",
	tls: "TLS",
	http: "HTTP",
	sip: "SIP",
	stun: "STUN",
	turn: "TURN",
	ice: "ICE checks",
	rtp: "Media (RTP)",
	rtcp: "RTCP",
	icmp: "ICMP",
};
const PATHS = {
	signalling: "pass",
	mcu: "pass",
	"udp-direct": "direct",
	"udp-nat": "nat",
	"udp-relay": "relay",
	"tcp-relay": "tcp-relay",
};
const PATH_SENTENCES = {
	signalling: "The messages arrived and were confirmed.",
	mcu: "Everybody's media reached the conference server and came back.",
	"udp-direct": "Media goes from host to host; no address is translated.",
	"udp-nat": "Media goes straight, through at least one NAT.",
	"udp-relay": "Media goes over an Edge's relay, reached over UDP.",
	"tcp-relay": "Media goes over an Edge's relay that one end reaches over TCP 443.",
};
const PHASES = {"sign-in": "Sign-in", call: "Call", media: "Media", end: "End"};
const MEDIA = {
	im: "IM",
	audio: "audio",
	video: "video",
	"im-conference": "IM conference",
	"av-conference": "A/V conference",
};

export const protocolWord = protocol => PROTOCOLS[protocol] ?? protocol;
export const phaseWord = phase => PHASES[phase] ?? phase;
export const mediumWord = medium => MEDIA[medium] ?? medium;

// Of a cell: the word of the grid, its kind (a class of the style sheet), and a mark, so that no
// colour stands alone.
export function outcomeOf(cell) {
	if (cell.verdict === "pass") {
		const word = PATHS[cell.path] ?? cell.path ?? "pass";
		return {word, kind: `ok-${word}`, mark: "✓"};
	}
	return cell.verdict === "fail"
		? {word: "FAIL", kind: "failed", mark: "✗"}
		: {word: "ERROR", kind: "unknown", mark: "?"};
}

export function outcomeSentence(cell) {
	if (cell.verdict === "pass") {
		return PATH_SENTENCES[cell.path] ?? "The call passed.";
	}
	return cell.verdict === "fail"
		? "The call fails."
		: "Nothing is known about the network here: the lab itself went wrong.";
}

// Ends of a cell, as people name the call.
export function callName(cell) {
	if (cell.conference) {
		return `conference ${cell.conference}`;
	}
	return cell.a && cell.b ? `${cell.a} → ${cell.b}` : (cell.participants ?? []).join(", ");
}

// Microseconds, relative to the call's zero: +0.142 s.
export function timeWord(t_us) {
	if (typeof t_us !== "number") {
		return "";
	}
	const s = Math.abs(t_us) / 1e6;
	return `${t_us < 0 ? "−" : "+"}${s < 10 ? s.toFixed(3) : s.toFixed(1)} s`;
}

export const sideWord = side =>
	side === "back" ? "from the callee's side" : "from the caller's side";

export function countWord(number, one, many = `${one}s`) {
	return `${number} ${number === 1 ? one : many}`;
}

// An address and a port; IPv6 in brackets.
export function socketWord(address, port) {
	const host = String(address ?? "?");
	return port === undefined || port === null || port === 0
		? host
		: `${host.includes(":") ? `[${host}]` : host}:${port}`;
}
