/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/cmd/cmd.h"
#include "testbed/report/wrap.h"

#include <errno.h>
#include <locale.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#define RUN_OPTIONS                                                                                \
	(OPT_TOPOLOGY | OPT_SCENARIO | OPT_CHANGE | OPT_MEDIA | OPT_SEED | OPT_OUT | OPT_CAPTURE | \
	 OPT_FORCE | OPT_EVIDENCE | OPT_JSON | OPT_HTML | OPT_CI | OPT_CHANGE_REPORT |             \
	 OPT_VERBOSE | OPT_QUIET | OPT_COLOR | OPT_ALLOW)

const char cmd_exit_status[] =
	"Exit status: 0 every cell as expected; 1 at least one differs; 2 wrong arguments, or\n"
	"nothing to run; 3 bad topology or scenario file; 4 internal error, or a lab failed; 77 "
	"this\n"
	"host can't run labs; 128+n ended by signal n, after partial results were written.\n";

static const char explain_help[] =
	"CELL is a cell's id as 'testbed report' names it: missing-route/branch1-home1/audio.  It "
	"is explained\n"
	"by what RUNDIR recorded, or else the last run of this topology; where that has no such "
	"cell, in a\n"
	"fresh lab.  A B is a call as in 'testbed run call'; it is placed in the lab that is up "
	"(-n "
	"where several\n"
	"are); where none is, or -t, -s, -c or --fresh ask for it, in a fresh one.\n\nExit status: "
	"0 explained, or the call works; 1 no cause found;\n"
	"2 wrong arguments; 3 bad topology file; 4 internal error; 77 this host can't run labs; "
	"128+n ended by\n"
	"signal n, after what was known by then was written.\n";

static const char up_help[] = "Returns when every client has signed in.  The lab needs no terminal "
			      "and lasts until 'testbed down'; when its\n"
			      "keeper process dies it is gone, and nothing is left.  Labs of "
			      "different names stand side by side (default\n"
			      "name: lab).\n\nExit status: 0 up; 2 wrong arguments, or the name is "
			      "taken; 3 bad topology file; 4 it could not\n"
			      "come up; 77 this host can't run labs.\n";

static const char capture_help[] =
	"Arguments that name a node, or one of its interfaces, say where; the rest is a filter as "
	"in tcpdump\n"
	"(pcap-filter(7)): 'testbed capture edge:int core udp port 3478'.  With -w the file has an "
	"interface for each\n"
	"NODE:IF; '-w - | wireshark -k -i -' shows it as it comes.  Ctrl-C ends it.\n\nExit "
	"status: 0 ended by Ctrl-C;\n"
	"2 wrong arguments; 4 the file can't be written, or the lab is gone.\n";

static const char serve_help[] =
	"Prints the page's address, with a token that who opens it must know, and serves it on "
	"127.0.0.1 until Ctrl-C\nor the lab's end.  In the page calls are placed and seen on the "
	"map while they go on, scenarios' changes and\nfixes are switched on and off, or fixes "
	"tried "
	"on a copy of the lab.  Several may look at once.\n\nExit status: 0 ended by Ctrl-C, or "
	"the lab is down; 2 wrong arguments, "
	"or "
	"no such lab; 3 its topology has changed;\n4 the port is taken, or another error; 128+n "
	"ended by signal n.\n";

static const char set_help[] =
	"CHANGE is what may stand under 'changes:' of a scenario, for instance\n"
	"'add-route: {node: edge, to: 10.20.0.0/24, via: 172.25.33.1}'.  All changes are made, or "
	"none.  They come on top of\n"
	"those made before; 'reset' takes all of them back.  Clients that are not in a call sign "
	"in anew, as in a fresh lab.\n\n"
	"Exit status: 0 changed; 2 wrong arguments; 3 the change is wrong; 4 the kernel refused "
	"it.\n";

static const char reboot_help[] =
	"Everything in the node is made anew: its network, connections, tunnels, servers, clients. "
	" Routes that are not\n"
	"persistent, and what was typed in by hand, are gone; services that were stopped run "
	"again.  'status' lists it as\n"
	"a change, 'reset' brings back what is declared.\n\nExit status: 0 it has started again; 2 "
	"wrong arguments, or no\n"
	"such lab or node; 4 the kernel refused it, nothing was changed.\n";

static const char enter_help[] =
	"Inside are the node's network, its /etc/resolv.conf and the processes of the lab.  Of the "
	"machine's files\n"
	"only programs (/usr, /opt) and what they need are there; --bind DIR shows a folder of "
	"yours at its own\n"
	"path, and DIR:rw lets the command write to it.  It runs where you are if that is shown, "
	"else in /tmp, which\n"
	"is the node's.  It may change the lab's networks and nothing outside.\n\nExit status: "
	"the command's; 128+n after\n"
	"signal n; 127 when there is no such program; 2 when there is no such lab or node.\n";

static const char credentials_help[] =
	"What a SIP or TURN client needs that takes the endpoint's place, to be started by "
	"'testbed "
	"exec NODE -- CMD'.\n"
	"Names are resolved, and the CA's file is found, as the node sees them.  While such a "
	"client "
	"is registered, calls\n"
	"to the user go to it; the endpoint's own client registers anew within half an hour.\n\n"
	"Exit status: 0; 2 wrong arguments, no such lab or node, or no endpoint.\n";

static const char nat_help[] =
	"NODE...: by default every endpoint behind a NAT.  Measured by packets as in RFC 5780: "
	"mapping,\n"
	"filtering, hairpin, ports kept, mapping of TCP, and timeouts up to 10 s; with --all "
	"longer ones too,\n"
	"which takes as long as the longest.  Without -s in the topology's first scenario.\n\n"
	"Exit status: 0 all as asked for; 1 at least one differs, or none could be measured; 2 "
	"wrong arguments,\n"
	"or no NAT; 3 bad topology file; 4 internal error; 77 this host can't run labs; 128+n "
	"ended by signal n.\n";

static const char capacity_help[] =
	"Calls of audio and video (--media audio: audio alone) between --pairs, which take turns; "
	"without it\n"
	"from the first endpoint behind a tunnel to the first that is elsewhere.  A number is "
	"carried when\n"
	"every call comes about, none is poor by CQD's rule and no MOS is below 3.6.  The number "
	"doubles until\n"
	"one is not carried, then the distance is halved.  -s names the designs to compare "
	"(default: all).\n\n"
	"Exit status: 0 measured; 2 wrong arguments; 3 bad topology file; 4 internal error; 77 "
	"this host\n"
	"can't run labs; 128+n ended by signal n, after what was measured has been told.\n";

static const char import_help[] =
	"FILE: what machines showed; '-' (default): stdin.  Several make one topology, which goes\n"
	"to stdout: networks of the same subnet are joined, and what had to be guessed is marked.\n"
	"'edge.route.txt' and 'edge.addr.json' tell two things of one node 'edge'.  What is left\n"
	"out is told on stderr.  --format, where it is not recognised:\n\n"
	"  cs-topology   Lync's and Skype for Business' deployment: Get-CsTopology -AsXml, .tbxml\n"
	"  cs-cmdlets    the same by Get-CsService, Get-CsPool, Get-CsComputer, Get-CsSite,\n"
	"                Get-CsNetworkInterface and Get-CsSipDomain, as JSON, CSV or lists\n"
	"  route-print   Windows' 'route print', in any language\n"
	"  powershell    Get-NetRoute, Get-NetIPAddress, Get-DnsClientNrptPolicy and\n"
	"                Get-DnsClientServerAddress, by ConvertTo-Json or Export-Csv\n"
	"  ip-addr       'ip addr', with or without -j\n"
	"  ip-route      'ip route', with or without -j\n"
	"  ip-rule       'ip rule', with or without -j\n"
	"  netstat       'route -n' and 'netstat -rn'\n"
	"  sdp           a session description with candidates\n\n"
	"With --complete the result can be run at once: 'testbed run matrix -t FILE'.\n\n"
	"Exit status: 0 imported, perhaps with warnings; 2 wrong arguments; 3 a file is wrong;\n"
	"4 internal error.\n";

static const char report_help[] =
	"The results are made from the run folder's events.jsonl, also when the run was cut "
	"off.\n"
	"A page (--html) needs the topology that ran: where it was, or by -t.\n\n"
	"With --merge each RUNDIR is a shard of one matrix ('run matrix --shard'), or any run of "
	"one topology, or a file that --json has written.  Of a cell that two have the later one "
	"counts.  What is missing is told, and is not as expected (docs/SHARDS.md).\n\n"
	"Exit status: 0 as expected; 1 a cell differs or, with --merge, is missing; 2 wrong "
	"arguments, or no such run; 3 its topology can't be read; 4 internal error.\n";

static const char runs_help[] =
	"Tells of each run in the folders, the newest first: when it started, its folder and size, "
	"what came of it, its topology, scenarios and changes.  Without FOLDER: those that are "
	"kept "
	"by themselves (~/.local/state/testbed), and those in this folder.\n\n"
	"--prune removes runs and lists what it has removed; without FOLDER only of those that are "
	"kept by themselves.  With both --keep and --older-than only what neither keeps goes.  A "
	"run "
	"that is going on, what is no run folder, and symbolic links are left alone.\n\n"
	"Exit status: 0; 2 wrong arguments, or no such folder; 4 something can't be removed.\n";

static const char diff_help[] =
	"RUN is a run folder, or a file that --json has written.  A cell that differs has a line: "
	"broke, mended, another verdict, path or cause, or quality that moved further than two "
	"runs of one network move it (docs/RESULTS.md).\n\n"
	"Exit status: 0 the same; 1 something differs; 2 wrong arguments, or no such run; 4 "
	"internal error.\n";

static const char whatif_help[] =
	"The cells are those of 'run matrix' with the same options; the run with the change is "
	"kept "
	"as the last one.  "
	"CHANGE is what may stand under 'changes:' of a scenario, or @FILE: a file with a list "
	"of them.\n\n"
	"Exit status: 0 nothing that worked breaks; 1 something does; 2 wrong arguments; 3 a bad "
	"file or change; 4 internal error; 77 this host can't run labs; 128+n ended by signal "
	"n.\n";

static const char lesson_help[] =
	"Without NAME: lists them.  A lesson tells something, asks, waits for Enter, runs a "
	"command in a lab of its\n"
	"own, and says what is to be seen.  'q' ends it, and its lab.  From a pipe it takes a line "
	"for each Enter, and\n"
	"at the pipe's end goes on without.\n\n"
	"Exit status: 0; 2 wrong arguments, or no such lesson; 3 a bad file; 4 the lab could not "
	"come up; 77 this host\n"
	"can't run labs.\n";

static const char graph_help[] =
	"Without -s the network of the file itself is drawn, before any scenario's changes; with "
	"it "
	"what the scenario changes is marked.  --trace A B draws the way of a packet and of its "
	"answer, as 'testbed trace' would find it in the network as it is declared, and no lab is "
	"built.  Of more than 150 nodes sites are drawn as boxes, and with --trace only the way; "
	"--all draws every node.  SVG needs Graphviz (exit status 77 where it is missing).\n";

static const char start_help[] =
	"Brings a lab up with a fault that nothing tells: 'status', 'reset', 'plan' and the lab's "
	"own files know nothing\nof it.  Find it with call, trace, capture, shell and exec; "
	"'explain' is off from level 2 on.  --random draws from\nthe catalogue of faults, by "
	"--level "
	"and --seed.  Repair it with 'set' or by hand, and have that checked.\n\n"
	"Exit status: 0 it is up; 2 wrong arguments, no such exercise, or the lab's name is taken; "
	"3 "
	"a bad file; 4 it\ncould not come up; 77 this host can't run labs.\n";

static const char answer_help[] =
	"NODE is one of the lab, CODE a cause of docs/EXPLAIN.md, OBJECT the very route, rule, "
	"interface, name or service.\nCause and node are worth 40 % each, the object 20 %; each "
	"answer before the best one costs 10 %.\n\n"
	"Exit status: 0 right; 1 wrong, or not all of it; 2 wrong arguments, or no exercise; 4 "
	"internal error.\n";

static const char check_help[] =
	"Every client signs in again, and every call that should work is placed.  A repair is "
	"right "
	"when all that the\nfault broke works and nothing else broke, whatever was done.  Where it "
	"must last, what was repaired is started\nagain, and all calls are placed once more: what "
	"was typed in by hand is lost by that.\n\n"
	"Exit status: 0 everything works; 1 not; 2 no exercise, or it was given up; 4 internal "
	"error.\n";

static const char score_help[] =
	"FILE: records of exercises (default: all of yours, in ~/.local/state/testbed/exercises).  "
	"The diagnosis is 40 %\nof the score, the repair 60 %; a hint costs 5 %.\n\n"
	"Exit status: 0; 2 a file is no record; 4 internal error.\n";

const struct verb cmd_verbs[] = {
	{"run matrix", NULL,
	 "Place every call in every scenario and hold it against what is expected", cmd_exit_status,
	 RUN_OPTIONS | OPT_ONLY | OPT_PAIRS | OPT_JOBS | OPT_AT_ONCE | OPT_SECONDS | OPT_SHARD, 0,
	 0, cmd_run_matrix},
	{"run call", "A B", "Place one call in a fresh lab and print its timeline",
	 "Without -s the topology's first scenario is taken, without --media an audio call.\n"
	 "-v tells the bytes on each wire of the call's way, too, and what a tunnel added to "
	 "them.\n",
	 RUN_OPTIONS | OPT_SECONDS, 2, 2, cmd_run_call},
	{"run nat", "[NODE...]",
	 "Measure the NAT that nodes are behind, and hold it against what is asked for", nat_help,
	 OPT_TOPOLOGY | OPT_SCENARIO | OPT_CHANGE | OPT_JSON | OPT_ALL | OPT_COLOR | OPT_ALLOW, 0,
	 G_MAXUINT, cmd_run_nat},
	{"run capacity", NULL, "Place more and more calls at once until their quality falls",
	 capacity_help,
	 OPT_TOPOLOGY | OPT_SCENARIO | OPT_CHANGE | OPT_MEDIA | OPT_PAIRS | OPT_SEED | OPT_JSON |
		 OPT_QUIET | OPT_COLOR | OPT_CAPACITY | OPT_SECONDS | OPT_ALLOW,
	 0, 0, cmd_run_capacity},
	{"trace", "A B",
	 "Follow one packet and its answer, hop by hop, by the state of the kernels",
	 "A is a node, B a node, NODE:IF or an address.  No packet is sent; the kernel of each\n"
	 "hop is asked what it would do, and \"kernel\" says so.  The lab is the one that is up, "
	 "as "
	 "it is now, with what was\n"
	 "typed in by hand (-n where several are); where none is, or -t, -s, -c or --fresh ask for "
	 "it, a fresh one.\n\nExit status 0: both arrive; 1: not.\n",
	 OPT_NAME | OPT_TOPOLOGY | OPT_SCENARIO | OPT_CHANGE | OPT_PROTO | OPT_PORT | OPT_IPV6 |
		 OPT_ALLOW | OPT_FRESH,
	 2, 2, cmd_trace},
	{"explain", "[RUNDIR] CELL | A B",
	 "Tell why a call failed, where, and what mends it, tried on a copy", explain_help,
	 OPT_TOPOLOGY | OPT_SCENARIO | OPT_CHANGE | OPT_MEDIA | OPT_SEED | OPT_JSON | OPT_VERBOSE |
		 OPT_ALL | OPT_NO_TRIAL | OPT_RUN | OPT_ICEWARN | OPT_NAME | OPT_ALLOW | OPT_HTML |
		 OPT_STORY | OPT_WRITE | OPT_FRESH | OPT_CHANGE_REPORT,
	 0, 2, cmd_explain},
	{"up", NULL, "Build a lab that stays, in the background", up_help,
	 OPT_NAME | OPT_TOPOLOGY | OPT_SCENARIO | OPT_CHANGE | OPT_PUBLISH | OPT_QUIET | OPT_ALLOW,
	 0, 0, cmd_up},
	{"down", NULL, "End a lab that is up, or with --all every one", NULL, OPT_NAME | OPT_ALL, 0,
	 0, cmd_down},
	{"status", NULL, "Tell which labs are up, and how they are", NULL, OPT_NAME | OPT_JSON, 0,
	 0, cmd_status},
	{"credentials", "NODE",
	 "Tell an endpoint's SIP account and relay in a lab that is up, for any client",
	 credentials_help, OPT_NAME | OPT_JSON, 1, 1, cmd_credentials},
	{"shell", "NODE", "Open a shell in a node of a lab that is up", enter_help,
	 OPT_NAME | OPT_BIND, 1, 1, cmd_shell},
	{"exec", "NODE -- CMD...", "Run a command in a node of a lab that is up", enter_help,
	 OPT_NAME | OPT_COMMAND | OPT_BIND, 1, 1, cmd_exec},
	{"call", "A B", "Place a call in a lab that is up and print its timeline",
	 "Expected is what the lab's scenario says; once 'set' has changed something, that the "
	 "call passes.\n",
	 OPT_NAME | OPT_MEDIA | OPT_SECONDS | OPT_JSON | OPT_VERBOSE | OPT_COLOR, 2, 2, cmd_call},
	{"set", "CHANGE...", "Change the network of a lab that is up", set_help, OPT_NAME, 1,
	 G_MAXUINT, cmd_set},
	{"reboot", "NODE", "Start a node of a lab that is up again: what is not persistent is lost",
	 reboot_help, OPT_NAME, 1, 1, cmd_reboot},
	{"reset", NULL, "Put a lab that is up back to what its scenario says", NULL, OPT_NAME, 0, 0,
	 cmd_reset},
	{"capture", "NODE[:IF]... [FILTER]",
	 "Record packets in a lab that is up, or show them line by line", capture_help,
	 OPT_NAME | OPT_WRITE | OPT_PROFILE, 0, G_MAXUINT, cmd_capture},
	{"serve", NULL, "Serve the live page of a lab that is up, to this machine's browsers",
	 serve_help, OPT_NAME | OPT_PORT | OPT_READ_ONLY, 0, 0, cmd_serve},
	{"lesson", "[NAME]", "Take a guided lesson in a live lab", lesson_help,
	 OPT_NAME | OPT_COLOR, 0, 1, cmd_lesson},
	{"exercise list", NULL, "List the exercises, by level", NULL, OPT_LEVEL | OPT_JSON, 0, 0,
	 cmd_exercise_list},
	{"exercise start", "NAME | --random",
	 "Bring up a lab with a hidden fault, to find and repair", start_help,
	 OPT_NAME | OPT_RANDOM | OPT_LEVEL | OPT_SEED | OPT_QUIET | OPT_COLOR, 0, 1,
	 cmd_exercise_start},
	{"exercise hint", NULL, "Tell a little more of the fault, for 5 % of the score", NULL,
	 OPT_NAME, 0, 0, cmd_exercise_hint},
	{"exercise answer", NULL, "Say what the fault is, and have that graded", answer_help,
	 OPT_NAME | OPT_ANSWER | OPT_JSON, 0, 0, cmd_exercise_answer},
	{"exercise check", NULL, "Have the repair graded, by calls", check_help,
	 OPT_NAME | OPT_QUIET | OPT_JSON, 0, 0, cmd_exercise_check},
	{"exercise give-up", NULL, "Tell what the fault is, and end the grading", NULL, OPT_NAME, 0,
	 0, cmd_exercise_give_up},
	{"exercise score", "[FILE...]", "Show scores, of one or of a class", score_help,
	 OPT_JSON | OPT_CSV, 0, G_MAXUINT, cmd_exercise_score},
	{"plan", NULL, "Show what would be built, operation by operation", NULL,
	 OPT_TOPOLOGY | OPT_SCENARIO | OPT_CHANGE | OPT_FORMAT, 0, 0, cmd_plan},
	{"init", "[FILE]", "Write a starter topology with comments (default: my-company.yaml)",
	 "The file is a whole network that works: change it, and 'testbed validate -t FILE' tells "
	 "what is\n"
	 "wrong with it.  '-' writes it to stdout.\n",
	 OPT_FORCE, 0, 1, cmd_init},
	{"import", "[FILE...]",
	 "Make a topology of what a deployment and its machines tell of themselves", import_help,
	 OPT_IMPORT, 0, G_MAXUINT, cmd_import},
	{"graph", "[A B]", "Draw the network: sites, nodes, addresses, tunnels, NAT, firewalls",
	 graph_help,
	 OPT_TOPOLOGY | OPT_SCENARIO | OPT_DRAWING | OPT_FILE | OPT_WAY | OPT_PROTO | OPT_PORT |
		 OPT_IPV6 | OPT_ALL,
	 0, 2, cmd_graph},
	{"nodes", NULL, "List the nodes of a topology: sites, roles, addresses", NULL,
	 OPT_TOPOLOGY | OPT_SCENARIO | OPT_JSON | OPT_COLOR, 0, 0, cmd_nodes},
	{"validate", "[FILE...]", "Check topology files and tell all that is wrong with them",
	 "FILE '-' is standard input.  --strict warns of records, ports, networks and sites that "
	 "nobody uses, of services that no client can find, and of causes that there are not.\n\n"
	 "Exit status: 0 all can be used; 1 with --strict, there are warnings; 2 wrong arguments; "
	 "3 "
	 "at least one has an error.\n",
	 OPT_TOPOLOGY | OPT_SCENARIO | OPT_CHANGE | OPT_QUIET | OPT_JSON | OPT_STRICT, 0, G_MAXUINT,
	 cmd_validate},
	{"schema", NULL, "Print the schema of topology files, for editors (JSON Schema)",
	 "An editor that knows YAML (with yaml-language-server) then names wrong keys while you "
	 "type "
	 "and proposes right ones.  Write the schema to a file, and name that in the first line of "
	 "a topology:\n\n"
	 "  testbed schema > topology.schema.json\n"
	 "  # yaml-language-server: $schema=topology.schema.json\n\n"
	 "'testbed validate' knows more: what must fit other parts of the file.\n",
	 0, 0, 0, cmd_schema},
	{"doctor", NULL, "Tell whether this host can run labs, and the cure where it can't", NULL,
	 OPT_JSON | OPT_COLOR, 0, 0, cmd_doctor},
	{"scenarios", NULL, "List the scenarios of a topology", NULL, OPT_TOPOLOGY | OPT_JSON, 0, 0,
	 cmd_scenarios},
	{"report", "[RUNDIR...]", "Show the results of an earlier run (default: the last one)",
	 report_help,
	 OPT_JSON | OPT_COLOR | OPT_HTML | OPT_CI | OPT_CHANGE_REPORT | OPT_TOPOLOGY | OPT_MERGE, 0,
	 G_MAXUINT, cmd_report},
	{"runs", "[FOLDER...]", "List run folders, or remove old ones", runs_help,
	 OPT_JSON | OPT_PRUNE, 0, G_MAXUINT, cmd_runs},
	{"diff", "RUN1 [RUN2]", "Tell what changed from one run to another (default: the last one)",
	 diff_help, OPT_JSON | OPT_HTML | OPT_COLOR, 1, 2, cmd_diff},
	{"whatif", NULL, "Run the matrix without and with a change, and tell what it changes",
	 whatif_help,
	 OPT_TOPOLOGY | OPT_SCENARIO | OPT_CHANGE | OPT_MEDIA | OPT_ONLY | OPT_PAIRS | OPT_JOBS |
		 OPT_SEED | OPT_SECONDS | OPT_JSON | OPT_HTML | OPT_CHANGE_REPORT | OPT_VERBOSE |
		 OPT_QUIET | OPT_COLOR | OPT_ALLOW,
	 0, 0, cmd_whatif},
	{"version", NULL, "Show the version; as JSON also what this build and this host have", NULL,
	 OPT_JSON, 0, 0, cmd_version},
	{"__man", "DIR DATE", "Write the pages of the manual to DIR", NULL, 0, 2, 2, cmd_manual},
	{"__complete", "-- WORD...", "Tell how the last word of a command may go on", NULL,
	 OPT_COMMAND, 0, 0, cmd_complete},
	{NULL, NULL, NULL, NULL, 0, 0, 0, NULL},
};
#define VERB_COUNT (G_N_ELEMENTS(cmd_verbs) - 1)

bool verb_is_hidden(const struct verb *v)
{
	return g_str_has_prefix(v->name, "__");
}

const char cmd_about[] =
	"Rebuilds a company's Skype for Business network out of network namespaces, places every "
	"kind of call in it, and shows which of them fail, and why.";

#define VERB_COLUMNS 18
#define HELP_COLUMNS_MAX 80 /* longer lines are hard to read */

static guint help_columns(void)
{
	return MIN(cmd_columns(STDOUT_FILENO), HELP_COLUMNS_MAX);
}

/* The text of `testbed --help`; the caller frees it. */
static char *usage_text(void)
{
	guint columns = help_columns(), indent = VERB_COLUMNS + 3;
	g_autofree char *about =
		g_strdup_printf("Usage: testbed VERB [OPTION...]\n\n%s\n\nVerbs:\n", cmd_about);
	g_autofree char *begin = wrap_text(about, columns);
	g_autofree char *rest =
		g_strconcat("\n'testbed VERB --help' lists a verb's options, 'testbed help VERB "
			    "OPTION' tells one of them, 'testbed help VERB exit' its exit status."
			    "\n\n",
			    cmd_exit_status, NULL);
	g_autofree char *end = wrap_text(rest, columns);
	GString *text = g_string_new(begin);

	if (indent * 2 > columns)
		indent = 6;
	for (guint i = 0; i < VERB_COUNT; i++) {
		const struct verb *v = &cmd_verbs[i];
		g_autofree char *call = g_strdup_printf("%s%s%s", v->name, v->arguments ? " " : "",
							v->arguments ? v->arguments : "");

		if (verb_is_hidden(v))
			continue;
		if (strlen(call) + 3 > indent)
			g_string_append_printf(text, "  %s\n%*s", call, (int)indent, "");
		else
			g_string_append_printf(text, "  %-*s ", VERB_COLUMNS, call);
		wrap_append(text, v->summary, indent, indent, columns);
	}
	g_string_append(text, end);
	return g_string_free(text, FALSE);
}

/* How many words of argv the verb's name takes; 0: it is another verb. */
static guint verb_matches(const struct verb *v, char *const *argv)
{
	g_auto(GStrv) words = g_strsplit(v->name, " ", 0);
	guint n = g_strv_length(words);

	for (guint i = 0; i < n; i++) {
		if (!argv[i] || !g_str_equal(argv[i], words[i]))
			return 0;
	}
	return n;
}

const struct verb *cmd_find_verb(char *const *argv, guint *ret_words)
{
	for (guint i = 0; i < VERB_COUNT; i++) {
		*ret_words = verb_matches(&cmd_verbs[i], argv);
		if (*ret_words > 0)
			return &cmd_verbs[i];
	}
	return NULL;
}

/* Prints that there is no such verb, with one that is near.  Returns the exit code. */
static int unknown_verb(char **argv)
{
	const char *names[VERB_COUNT + 1] = {0};
	g_autofree char *two = g_strdup_printf("%s %s", argv[0], argv[1] ? argv[1] : "");
	const char *near;
	guint n = 0;

	for (guint i = 0; i < VERB_COUNT; i++)
		if (!verb_is_hidden(&cmd_verbs[i]))
			names[n++] = cmd_verbs[i].name;
	g_strchomp(two);
	near = diag_nearest(two, names);
	if (!argv[1] && g_str_equal(argv[0], "run"))
		near = "run matrix' or 'testbed run call A B";
	if (!near && g_str_equal(argv[0], "exercise"))
		near = "exercise list' or 'testbed exercise start NAME";
	if (!near)
		near = diag_nearest(argv[0], names);
	if (near)
		cmd_error("no verb '%s' (did you mean 'testbed %s'?)", two, near);
	else
		cmd_error("no verb '%s'; 'testbed --help' lists them", argv[0]);
	return CMD_USAGE;
}

/* Whether the number of arguments fits the verb; if not, an error was printed. */
static bool arguments_fit(const struct verb *v, const struct options *o)
{
	guint n = g_strv_length(o->arguments);

	if (n >= v->args_min && n <= v->args_max)
		return true;
	if (n > v->args_max && (v->options & OPT_COMMAND))
		cmd_error("a command stands behind '--': testbed %s %s", v->name, v->arguments);
	else if (n > v->args_max)
		cmd_error("unexpected argument '%s'; see 'testbed %s --help'",
			  o->arguments[v->args_max], v->name);
	else
		cmd_error("usage: testbed %s %s [OPTION...]", v->name, v->arguments);
	return false;
}

/* Cuts argv at "--" and returns the words after it, which the caller frees; NULL: there is none, or
 * the verb takes no command. */
static char **split_command(const struct verb *v, char **argv)
{
	for (guint i = 0; (v->options & OPT_COMMAND) && argv[i]; i++) {
		if (!g_str_equal(argv[i], "--"))
			continue;
		argv[i] = NULL;
		return g_strdupv(argv + i + 1);
	}
	return NULL;
}

/* Whether a file (NULL: none) can be written at the end of the work: checked before it, which may
 * take an hour.  If not, an error was printed. */
static bool can_be_written(const char *path)
{
	g_autofree char *folder = path ? g_path_get_dirname(path) : NULL;

	if (!path || g_str_equal(path, "-"))
		return true;
	if (access(folder, W_OK | X_OK) == 0 && !g_file_test(path, G_FILE_TEST_IS_DIR))
		return true;
	return cmd_error("cannot write '%s': %s", path,
			 g_file_test(path, G_FILE_TEST_IS_DIR) ? "it is a folder" :
								 g_strerror(errno));
}

/* Runs the verb when its files can be read and written.  Returns the exit code. */
static int run_checked(const struct verb *v, struct options *o)
{
	const char *const written[] = {o->json,	 o->plot, o->html,	   o->story,
				       o->junit, o->tap,  o->change_report};

	for (guint i = 0; i < G_N_ELEMENTS(written); i++)
		if (!can_be_written(written[i]))
			return CMD_INTERNAL;
	return cmd_read_changes(o) ? v->run(o) : CMD_INPUT;
}

/* Prints what is wrong with an option, with one that is near. */
static void tell_wrong_option(const struct verb *v, char **argv, const GError *error)
{
	const char *near = g_error_matches(error, G_OPTION_ERROR, G_OPTION_ERROR_UNKNOWN_OPTION) ?
				   options_meant(v->options, (const char *const *)(gpointer)argv) :
				   NULL;

	cmd_error("%s%s%s%s; see 'testbed %s --help'", error->message,
		  near ? " (did you mean '--" : "", near ? near : "", near ? "'?)" : "", v->name);
}

/* Parses the options and runs the verb, or prints its help.  Returns the exit code. */
static int run_verb(const struct verb *v, char **argv)
{
	g_autoptr(GError) error = NULL;
	g_auto(GStrv) command = split_command(v, argv);
	struct options o;
	int status = CMD_USAGE;
	bool parsed = options_parse(&o, v->options, (const char *const *)(gpointer)argv, &error);

	o.command = g_steal_pointer(&command);
	if (!parsed) {
		tell_wrong_option(v, argv, error);
	} else if (o.help) {
		g_autofree char *help = options_help(v->name, v->arguments, v->summary,
						     v->description, v->options, help_columns());

		status = cmd_print(help, -1);
	} else if (arguments_fit(v, &o)) {
		status = run_checked(v, &o);
	}
	options_clear(&o);
	return status;
}

static int print_usage(void)
{
	g_autofree char *usage = usage_text();

	return cmd_print(usage, -1);
}

static bool asks_for_help(const char *word)
{
	return g_str_equal(word, "--help") || g_str_equal(word, "-h") || g_str_equal(word, "help");
}

/* Prints what an option of the verb does, or what its exit status says.  Returns the exit code. */
static int help_on(const struct verb *v, const char *topic)
{
	const char *name = topic + strspn(topic, "-"), *near = NULL,
		   *status = v->description ? strstr(v->description, "Exit status") : NULL;
	g_autofree char *text = options_help_of(v->name, v->options, name, help_columns(), &near);

	if (g_str_equal(name, "exit"))
		text = wrap_text(status ? status : cmd_exit_status, help_columns());
	if (text)
		return cmd_print(text, -1);
	cmd_error("no option '%s' of '%s'%s%s%s; 'testbed %s --help' lists them, and 'testbed help "
		  "%s exit' tells the exit status",
		  name, v->name, near ? " (did you mean '" : "", near ? near : "",
		  near ? "'?)" : "", v->name, v->name);
	return CMD_USAGE;
}

/* The help of the verb that the words name, or of one of its topics.  Returns the exit code. */
static int help_of(char **words)
{
	char *help[] = {(char *)(gpointer)(guintptr) "--help", NULL};
	guint n;
	const struct verb *v = cmd_find_verb(words, &n);

	if (v && words[n])
		return help_on(v, words[n]);
	return v ? run_verb(v, help) : unknown_verb(words);
}

int cmd_main(int argc, char **argv)
{
	const struct verb *v;
	guint words;

	/* Only how text is encoded: decimal points stay points. */
	setlocale(LC_CTYPE, "");
	g_set_prgname("testbed");
	cmd_set_program(argv[0]);
	/* When the reader of our output has gone, write returns an error instead. */
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN); /* writing beyond RLIMIT_FSIZE fails instead */
	if (argc < 2)
		return cmd_fail(CMD_USAGE, "no verb given; 'testbed --help' lists them");
	if (asks_for_help(argv[1]))
		return argv[2] ? help_of(argv + 2) : print_usage();
	if (g_str_equal(argv[1], "--version"))
		return cmd_version(NULL);
	v = cmd_find_verb(argv + 1, &words);
	if (!v && argv[2] && asks_for_help(argv[2]) &&
	    (g_str_equal(argv[1], "run") || g_str_equal(argv[1], "exercise")))
		return print_usage();
	return v ? run_verb(v, argv + 1 + words) : unknown_verb(argv + 1);
}
