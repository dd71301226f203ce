/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/model/expression.h"

#include "testbed/base/addr.h"

#include <string.h>

#define OPEN "$("
#define NESTING_MAX 16

/* A number, or an address when `addr` is set. */
struct value {
	struct addr addr;
	gint64 number;
};

struct parse {
	const char *at;
	const struct variable *variables;
	char *problem; /* the first one; NULL: none */
	int depth;     /* open parentheses */
};

const struct variable *variable_find(const struct variable *variables, const char *name)
{
	for (; variables; variables = variables->outer)
		if (strcmp(variables->name, name) == 0)
			return variables;
	return NULL;
}

static bool parse_fail(struct parse *p, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* Keeps the first problem, in printf-like words, and returns false. */
static bool parse_fail(struct parse *p, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	if (!p->problem)
		p->problem = g_strdup_vprintf(format, args);
	va_end(args);
	return false;
}

static void skip_space(struct parse *p)
{
	p->at += strspn(p->at, " ");
}

/* Skips spaces and, if it comes next, the character `c`; false when another one comes. */
static bool take_char(struct parse *p, char c)
{
	skip_space(p);
	if (*p->at != c)
		return false;
	p->at++;
	return true;
}

/* --- values ----------------------------------------------------------------------------------- */

/* Adds a number, which may be negative, to the address as to one big integer.  Returns false when
 * the result is outside the family's addresses; *a is then undefined. */
static bool addr_add(struct addr *a, gint64 number)
{
	int carry = 0;
	guint64 left = number < 0 ? (guint64)0 - (guint64)number : (guint64)number;

	for (int i = addr_bits(a) / 8 - 1; i >= 0; i--) {
		int byte = (int)(left & 0xff),
		    sum = number < 0 ? a->bytes[i] - byte - carry : a->bytes[i] + byte + carry;

		carry = sum < 0 || sum > 0xff;
		a->bytes[i] = (uint8_t)(sum & 0xff);
		left >>= 8;
	}
	return carry == 0 && left == 0;
}

/* Computes `left` SIGN `right` into *left.  Returns false, with a problem, on overflow, division
 * by zero or less, and for addresses except address + number, number + address and address -
 * number. */
static bool compute_value(struct parse *p, char sign, struct value *left, const struct value *right)
{
	char text[ADDR_TEXT_MAX];
	bool overflow = false;

	if (addr_is_set(&right->addr) && sign == '+' && !addr_is_set(&left->addr)) {
		struct value swapped = *left;

		*left = *right;
		return compute_value(p, sign, left, &swapped);
	}
	if (addr_is_set(&right->addr) || (addr_is_set(&left->addr) && sign != '+' && sign != '-'))
		return parse_fail(p, "an address can only be added to, or be taken a number from");
	if (addr_is_set(&left->addr)) {
		struct addr before = left->addr;

		if (right->number == G_MININT64 ||
		    !addr_add(&left->addr, sign == '-' ? -right->number : right->number))
			return parse_fail(p, "%s %c %" G_GINT64_FORMAT " is no address any more",
					  addr_print(&before, text), sign, right->number);
		return true;
	}
	if ((sign == '/' || sign == '%') && right->number <= 0)
		return parse_fail(p, "division by %" G_GINT64_FORMAT, right->number);
	if (sign == '+')
		overflow = __builtin_add_overflow(left->number, right->number, &left->number);
	else if (sign == '-')
		overflow = __builtin_sub_overflow(left->number, right->number, &left->number);
	else if (sign == '*')
		overflow = __builtin_mul_overflow(left->number, right->number, &left->number);
	else
		left->number =
			sign == '/' ? left->number / right->number : left->number % right->number;
	return !overflow || parse_fail(p, "the number is too large");
}

/* --- grammar: sum = product {(+|-) product}; product = factor {(*|/|%) factor} ---------------- */

static bool parse_sum(struct parse *p, struct value *ret);

static bool parse_variable(struct parse *p, const char *word, struct value *ret)
{
	const struct variable *v = variable_find(p->variables, word);
	g_autoptr(GString) known = g_string_new(NULL);

	if (v) {
		ret->number = v->value;
		return true;
	}
	for (v = p->variables; v; v = v->outer)
		g_string_append_printf(known, "%s%s", known->len > 0 ? ", " : "", v->name);
	return parse_fail(p, "nothing here counts '%s' (there is: %s)", word, known->str);
}

/* An address, a number or a variable, in this order of trying. */
static bool parse_word(struct parse *p, struct value *ret)
{
	size_t length =
		strspn(p->at, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_.:");
	g_autofree char *word = g_strndup(p->at, length);

	if (length == 0)
		return *p->at ? parse_fail(p, "'%c' is unexpected", *p->at) :
				parse_fail(p, "the end is missing, ')'");
	p->at += length;
	if (strpbrk(word, ".:"))
		return addr_parse(word, &ret->addr) || parse_fail(p, "'%s' is no address", word);
	if (!g_ascii_isdigit(word[0]))
		return parse_variable(p, word, ret);
	return g_ascii_string_to_signed(word, 10, 0, G_MAXINT64, &ret->number, NULL) ||
	       parse_fail(p, "'%s' is no number", word);
}

static bool parse_factor(struct parse *p, struct value *ret)
{
	bool ok;

	*ret = (struct value){.number = 0};
	skip_space(p);
	if (!take_char(p, '('))
		return parse_word(p, ret);
	if (++p->depth > NESTING_MAX)
		return parse_fail(p, "more than %d parentheses in each other", NESTING_MAX);
	ok = parse_sum(p, ret) && (take_char(p, ')') || parse_fail(p, "a ')' is missing"));
	p->depth--;
	return ok;
}

/* Parses operands with operators from `operators` between them, from left to right, into *ret. */
static bool parse_chain(struct parse *p, const char *operators,
			bool (*operand)(struct parse *p, struct value *ret), struct value *ret)
{
	if (!operand(p, ret))
		return false;
	for (skip_space(p); *p->at && strchr(operators, *p->at); skip_space(p)) {
		char sign = *p->at++;
		struct value right;

		if (!operand(p, &right) || !compute_value(p, sign, ret, &right))
			return false;
	}
	return true;
}

static bool parse_product(struct parse *p, struct value *ret)
{
	return parse_chain(p, "*/%", parse_factor, ret);
}

static bool parse_sum(struct parse *p, struct value *ret)
{
	return parse_chain(p, "+-", parse_product, ret);
}

/* Expands "0NAME)": the variable with leading zeros, as wide as its largest value.  Returns false
 * and takes nothing when `p` is at something else. */
static bool expand_padded(struct parse *p, GString *out)
{
	const char *end = strchr(p->at, ')');
	g_autofree char *name =
		p->at[0] == '0' && end ? g_strndup(p->at + 1, (gsize)(end - p->at - 1)) : NULL;
	const struct variable *v = name ? variable_find(p->variables, name) : NULL;

	if (!v)
		return false;
	g_string_append_printf(out, "%0*" G_GINT64_FORMAT, v->width, v->value);
	p->at = end + 1;
	return true;
}

/* Appends the value of the expression at `p` and goes past its ')'.  Returns false with a
 * problem. */
static bool expand_one(struct parse *p, GString *out)
{
	char text[ADDR_TEXT_MAX];
	struct value v;

	if (expand_padded(p, out))
		return true;
	if (!parse_sum(p, &v) ||
	    (!take_char(p, ')') &&
	     !parse_fail(p, *p->at ? "'%c' is unexpected" : "the end is missing, ')'", *p->at)))
		return false;
	if (addr_is_set(&v.addr))
		g_string_append(out, addr_print(&v.addr, text));
	else
		g_string_append_printf(out, "%" G_GINT64_FORMAT, v.number);
	return true;
}

bool expression_expand(const char *text, const struct variable *variables, GString *out,
		       char **problem)
{
	struct parse p = {.at = text, .variables = variables};
	const char *open;

	while ((open = strstr(p.at, OPEN))) {
		g_string_append_len(out, p.at, open - p.at);
		p.at = open + strlen(OPEN);
		if (!expand_one(&p, out)) {
			*problem = p.problem;
			return false;
		}
	}
	g_string_append(out, p.at);
	return true;
}
