//! How deeply a script nests, estimated before it is parsed.
//!
//! In: the text of a classic script or module. Out: a depth in parser levels, or the byte offset at
//! which the limit was passed. The parser is recursive and has no limit of its own: 100,000 opening
//! brackets exhaust its stack and abort the process, so the caller measures first. JavaScript engines have the
//! same weakness and a limit: V8 refuses a script with about 1,400 nested calls, 1,600 parentheses or 3,600
//! `else if` with a `RangeError`, so whatever is refused here does not run in a browser either.
//!
//! A level is whatever makes a recursive-descent parser call itself: an open bracket or template substitution, and
//! without brackets a prefix operator (`!!!!x`), a right-associative operator (`a = b = c`, `a => b => c`, `a ? b :
//! c ? d : e`, `a ** b ** c`) and a statement within a statement (`if (a) if (b)`, `else if`, labels).
//! Left-associative operators, member accesses and calls in a row are loops in the parser and do not count.
//!
//! The scan follows the lexical grammar of ECMAScript (section 12) in one pass. What only the syntactic grammar
//! can decide (regular expression or division, block or object literal) is decided by the token before, as
//! every tokenizer without a parser does. It counts rather too much than too little.

/// A deeper text is not parsed.
pub(super) const MAX_DEPTH: u32 = 5_000;

/// The estimated depth of the text, or the byte offset at which it passes [`MAX_DEPTH`].
pub(super) fn depth(text: &str, html_like_comments: bool) -> Result<u32, usize> {
    Scan::new(text.as_bytes(), html_like_comments).run()
}

/// What stands before the next token.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    /// A place where a statement may start and `{` opens a block: after `=>`, `else`, the head of a loop.
    Statement,
    /// An operator: an operand follows and `{` opens an object literal.
    Operator,
    /// An operand: `/` divides.
    Operand,
    /// The `.` of a member access: the next word is a name, whatever it spells.
    Dot,
    /// `}` of a block: either a statement ended or a function expression did.
    Block,
    /// `;`.
    Semicolon,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Bracket {
    /// The text itself.
    Outside,
    Parenthesis,
    /// Parentheses of `if (…)`, `for (…)` and the like: a statement follows.
    Head,
    Square,
    Block,
    Object,
    Substitution,
}

/// One open bracket, and what nests inside it without brackets of its own.
#[derive(Clone, Copy)]
struct Level {
    bracket: Bracket,
    /// Statements within statements.
    statements: u32,
    /// Right-associative operators since the expression began.
    expressions: u32,
    /// Prefix operators since the last operand.
    prefixes: u32,
    /// `?` without their `:`.
    conditionals: u32,
}

impl Level {
    const fn new(bracket: Bracket) -> Self {
        Self {
            bracket,
            statements: 0,
            expressions: 0,
            prefixes: 0,
            conditionals: 0,
        }
    }

    const fn depth(&self) -> u32 {
        1 + self.statements + self.expressions + self.prefixes
    }

    fn end_expression(&mut self) {
        self.expressions = 0;
        self.prefixes = 0;
        self.conditionals = 0;
    }
}

struct Scan<'t> {
    text: &'t [u8],
    at: usize,
    before: Before,
    /// The next `(` is the head of a statement.
    head: bool,
    /// The token before was `else`.
    after_else: bool,
    /// No token since the start of the line.
    line_start: bool,
    html_like_comments: bool,
    outer: Vec<Level>,
    outer_depth: u32,
    level: Level,
    deepest: u32,
}

impl<'t> Scan<'t> {
    fn new(text: &'t [u8], html_like_comments: bool) -> Self {
        Self {
            text,
            at: 0,
            before: Before::Statement,
            head: false,
            after_else: false,
            line_start: true,
            html_like_comments,
            outer: Vec::new(),
            outer_depth: 0,
            level: Level::new(Bracket::Outside),
            deepest: 0,
        }
    }

    fn run(mut self) -> Result<u32, usize> {
        if self.text.starts_with(b"#!") {
            self.skip_line();
        }
        while let Some(&byte) = self.text.get(self.at) {
            match byte {
                b'\n' | b'\r' => {
                    self.at += 1;
                    self.line_start = true;
                    continue;
                }
                b' ' | b'\t' | 0x0b | 0x0c => {
                    self.at += 1;
                    continue;
                }
                b'/' if self.peek(1) == Some(b'/') => {
                    self.skip_line();
                    continue;
                }
                b'/' if self.peek(1) == Some(b'*') => {
                    self.skip_block_comment();
                    continue;
                }
                b'<' if self.html_like_comments && self.rest().starts_with(b"<!--") => {
                    self.skip_line();
                    continue;
                }
                b'-' if self.html_like_comments
                    && self.line_start
                    && self.rest().starts_with(b"-->") =>
                {
                    self.skip_line();
                    continue;
                }
                _ => self.token(byte),
            }
            self.line_start = false;
            let depth = self.outer_depth + self.level.depth();
            if depth > self.deepest {
                self.deepest = depth;
                if depth > MAX_DEPTH {
                    return Err(self.at);
                }
            }
        }
        Ok(self.deepest)
    }

    fn token(&mut self, byte: u8) {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'_' | b'$' | b'\\' | b'#' | b'@' | 0x80.. => self.word(),
            b'0'..=b'9' => self.number(),
            b'"' | b'\'' => {
                self.operand();
                self.skip_string(byte);
            }
            b'`' => {
                if self.before != Before::Operand {
                    self.operand();
                }
                self.at += 1;
                self.template();
            }
            b'/' => {
                if self.before == Before::Operand {
                    self.operator(1);
                } else {
                    self.operand();
                    self.skip_regular_expression();
                }
            }
            b'(' => {
                let bracket = if std::mem::take(&mut self.head) {
                    Bracket::Head
                } else {
                    Bracket::Parenthesis
                };
                self.open(bracket, Before::Operator);
            }
            b'[' => self.open(Bracket::Square, Before::Operator),
            b'{' if self.before == Before::Operator => self.open(Bracket::Object, Before::Operator),
            b'{' => self.open(Bracket::Block, Before::Statement),
            b')' | b']' | b'}' => self.close(byte),
            b',' => {
                self.level.end_expression();
                self.put(1, Before::Operator);
            }
            b';' => {
                self.level.end_expression();
                self.put(1, Before::Semicolon);
            }
            b':' => self.colon(),
            b'?' => self.question_mark(),
            b'.' => match (self.peek(1), self.peek(2)) {
                (Some(b'.'), Some(b'.')) => self.put(3, Before::Operator),
                (Some(b'0'..=b'9'), _) if self.before != Before::Operand => self.number(),
                _ => self.put(1, Before::Dot),
            },
            b'=' => match self.peek(1) {
                Some(b'>') => {
                    self.level.expressions += 1;
                    self.put(2, Before::Statement);
                }
                Some(b'=') => self.operator(2 + usize::from(self.peek(2) == Some(b'='))),
                _ => self.right_associative(1),
            },
            b'!' => match (self.peek(1), self.peek(2)) {
                (Some(b'='), Some(b'=')) => self.operator(3),
                (Some(b'='), _) => self.operator(2),
                _ => self.prefix(1),
            },
            b'~' => self.prefix(1),
            b'<' | b'>' => {
                let run = self.rest().iter().take_while(|&&b| b == byte).count();
                // `<=` compares; in `<<=` the `=` assigns.
                let compares = run == 1 && self.peek(1) == Some(b'=');
                self.operator(run + usize::from(compares));
            }
            b'*' if self.peek(1) == Some(b'*') => self.right_associative(2),
            b'+' | b'-' if self.peek(1) == Some(byte) => {
                if self.before == Before::Operand {
                    self.at += 2;
                } else {
                    self.prefix(2);
                }
            }
            b'+' | b'-' if !matches!(self.before, Before::Operand | Before::Block) => {
                self.prefix(1);
            }
            _ => self.operator(1),
        }
    }

    fn peek(&self, ahead: usize) -> Option<u8> {
        self.text.get(self.at + ahead).copied()
    }

    fn rest(&self) -> &'t [u8] {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn put(&mut self, length: usize, before: Before) {
        self.at += length;
        self.before = before;
        self.after_else = false;
        self.head = false;
    }

    /// A left-associative or relational operator.
    fn operator(&mut self, length: usize) {
        self.level.prefixes = 0;
        self.put(length, Before::Operator);
    }

    fn right_associative(&mut self, length: usize) {
        self.level.prefixes = 0;
        self.level.expressions += 1;
        self.put(length, Before::Operator);
    }

    fn prefix(&mut self, length: usize) {
        self.begin(false);
        self.level.prefixes += 1;
        self.put(length, Before::Operator);
    }

    /// A token that cannot continue what stands before starts a new statement.
    fn begin(&mut self, continues_statement: bool) {
        match self.before {
            Before::Operand | Before::Block => self.level.end_expression(),
            Before::Semicolon => {}
            Before::Statement | Before::Operator | Before::Dot => return,
        }
        if !continues_statement {
            self.level.statements = 0;
        }
    }

    fn operand(&mut self) {
        self.begin(false);
        self.put(0, Before::Operand);
    }

    fn open(&mut self, bracket: Bracket, before: Before) {
        if self.before == Before::Semicolon {
            self.level.statements = 0;
        }
        self.outer_depth += self.level.depth();
        self.outer.push(self.level);
        self.level = Level::new(bracket);
        self.put(1, before);
    }

    fn close(&mut self, byte: u8) {
        let before = match (byte, self.level.bracket) {
            (b')', Bracket::Parenthesis) | (b']', Bracket::Square) | (b'}', Bracket::Object) => {
                Before::Operand
            }
            (b')', Bracket::Head) => Before::Statement,
            (b'}', Bracket::Block) => Before::Block,
            (b'}', Bracket::Substitution) => {
                self.leave();
                self.at += 1;
                self.template();
                return;
            }
            // Misread or malformed: the bracket stays open, which can only count too much.
            _ => return self.put(1, Before::Operand),
        };
        self.leave();
        self.put(1, before);
    }

    fn leave(&mut self) {
        if let Some(level) = self.outer.pop() {
            self.level = level;
            self.outer_depth -= level.depth();
        }
    }

    fn colon(&mut self) {
        if self.level.conditionals > 0 {
            self.level.conditionals -= 1;
            self.put(1, Before::Operator);
        } else if matches!(self.level.bracket, Bracket::Block | Bracket::Outside) {
            // A label or a case.
            self.level.statements += 1;
            self.put(1, Before::Statement);
        } else {
            self.put(1, Before::Operator);
        }
    }

    fn question_mark(&mut self) {
        match (self.peek(1), self.peek(2)) {
            (Some(b'?'), _) => self.operator(2),
            (Some(b'.'), after) if !after.is_some_and(|b| b.is_ascii_digit()) => {
                self.put(2, Before::Dot);
            }
            _ => {
                self.level.conditionals += 1;
                self.right_associative(1);
            }
        }
    }

    fn word(&mut self) {
        let length = self
            .rest()
            .iter()
            .take_while(|&&b| is_word_byte(b) || matches!(b, b'\\' | b'#' | b'@'))
            .count();
        let word = self.rest().get(..length).unwrap_or_default();
        if self.before == Before::Dot {
            return self.put(length, Before::Operand);
        }
        let after_head = self.head;
        match word {
            b"typeof" | b"void" | b"delete" | b"new" | b"await" | b"class" => self.prefix(length),
            b"yield" | b"extends" => {
                self.level.expressions += 1;
                self.put(length, Before::Operator);
            }
            b"in" | b"instanceof" => self.operator(length),
            b"if" | b"for" | b"while" | b"with" => {
                // `while` may close a `do` instead of opening a statement.
                self.begin(word == b"while");
                self.level.statements += u32::from(!self.after_else);
                self.put(length, Before::Operator);
                self.head = true;
            }
            b"else" | b"do" => {
                self.begin(word == b"else");
                self.level.statements += 1;
                self.put(length, Before::Statement);
                self.after_else = word == b"else";
            }
            b"switch" | b"catch" => {
                self.begin(word == b"catch");
                self.put(length, Before::Statement);
                self.head = true;
            }
            b"try" | b"finally" => {
                self.begin(word == b"finally");
                self.put(length, Before::Statement);
            }
            b"case" | b"default" => {
                self.level.end_expression();
                self.level.statements = 0;
                self.put(length, Before::Operator);
            }
            // The words that an operand, not an operator, follows.
            b"return" | b"throw" | b"async" | b"function" | b"let" | b"const" | b"var"
            | b"import" | b"export" => {
                self.begin(false);
                self.put(length, Before::Operator);
            }
            _ => {
                self.operand();
                self.at += length;
            }
        }
        if word == b"await" {
            // `for await (`
            self.head = after_head;
        }
    }

    fn number(&mut self) {
        self.operand();
        let digits = self.rest().iter();
        self.at += digits
            .take_while(|&&b| is_word_byte(b) || b == b'.')
            .count();
    }

    fn skip_line(&mut self) {
        let line = self.rest().iter();
        self.at += line.take_while(|&&b| b != b'\n' && b != b'\r').count();
    }

    fn skip_block_comment(&mut self) {
        self.at += 2;
        let end = self.rest().windows(2).position(|pair| pair == b"*/");
        self.at = end.map_or(self.text.len(), |end| self.at + end + 2);
    }

    fn skip_string(&mut self, quote: u8) {
        self.at += 1;
        while let Some(byte) = self.peek(0) {
            match byte {
                b'\\' if self.rest().starts_with(b"\\\r\n") => self.at += 3,
                b'\\' => self.at += 2,
                b'\n' | b'\r' => return,
                _ => {
                    self.at += 1;
                    if byte == quote {
                        return;
                    }
                }
            }
        }
    }

    /// The rest of a template, up to its end or its next substitution.
    fn template(&mut self) {
        self.put(0, Before::Operand);
        while let Some(byte) = self.peek(0) {
            match byte {
                b'\\' => self.at += 2,
                b'`' => {
                    self.at += 1;
                    return;
                }
                b'$' if self.peek(1) == Some(b'{') => {
                    self.at += 1;
                    return self.open(Bracket::Substitution, Before::Operator);
                }
                _ => self.at += 1,
            }
        }
    }

    fn skip_regular_expression(&mut self) {
        self.at += 1;
        let mut in_class = false;
        while let Some(byte) = self.peek(0) {
            match byte {
                b'\\' if !matches!(self.peek(1), Some(b'\n' | b'\r')) => {
                    self.at += 2;
                    continue;
                }
                b'\n' | b'\r' => return,
                b'[' => in_class = true,
                b']' => in_class = false,
                b'/' if !in_class => {
                    self.at += 1;
                    let flags = self.rest().iter();
                    self.at += flags.take_while(|&&b| is_word_byte(b)).count();
                    return;
                }
                _ => {}
            }
            self.at += 1;
        }
    }
}

const fn is_word_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$' | 0x80..)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn assert_depth(text: &str, expected: u32) {
        assert_eq!(depth(text, true), Ok(expected), "{text:?}");
    }

    #[test]
    fn brackets_in_code_count_and_others_do_not() {
        for (text, expected) in [
            ("", 0),
            ("a", 1),
            ("(a)", 2),
            ("f([{}])", 4),
            ("'((((' + \"[[[[\"", 1),
            ("// ((((\n/* [[[[ */a", 1),
            ("<!-- ((((\na\n --> ((((", 1),
            ("#!/bin/((((\na", 1),
            (r"'\'((((' ", 1),
            ("/[(]((((/.test(a)", 2),
            ("a / (b) / c", 2),
            ("if (a) /((((/.test(b)", 3),
            ("(a) / ((b)) / 2", 3),
            ("({}) / ((b)) / 2", 3),
            ("x = {} / 2 // ((((", 3),
            ("`(((( ${a} ((((`", 2),
            ("`${`${a}`}`", 3),
            ("`${{a: 1}}`", 3),
            ("a.if / ((b)) / c", 3),
            (")))) (a)", 2),
        ] {
            assert_depth(text, expected);
        }
    }

    #[test]
    fn what_nests_without_brackets_counts() {
        for (text, expected) in [
            ("!!!a", 4),
            ("- - -a", 4),
            ("typeof void delete a", 4),
            ("a = b = c", 3),
            ("a => b => c", 3),
            ("a => async b => c", 3),
            ("a ** b ** c", 3),
            ("a ? b : c ? d : e", 3),
            ("a ? b ? c ? 1 : 2 : 3 : 4", 4),
            ("if (a) if (b) c", 4),
            ("if (a) b; else if (c) d; else if (e) f", 5),
            ("if (a) {b} else if (c) {d} else {e}", 5),
            ("a: b: c: d", 4),
            ("do do a; while (b); while (c)", 6),
            ("class extends class extends a {} {}", 6),
        ] {
            assert_depth(text, expected);
        }
    }

    #[test]
    fn what_only_follows_does_not_nest() {
        for (unit, expected) in [
            ("a + ", 1),
            ("a.b", 1),
            ("a(b)", 2),
            ("a[0]", 2),
            ("!a && ", 2),
            ("a, ", 1),
            ("a = 1;", 2),
            ("a = 1\n", 2),
            ("if (a) b;", 3),
            ("if (a) {}\n", 3),
            ("if (a) b; else c\n", 3),
            ("case 1: case 2: a;", 2),
            ("function f() {}\n", 2),
            ("f = function () {},", 3),
            ("f = a => {},", 4),
            ("x ? y : z;", 2),
            ("try {} catch (e) {}\n", 2),
        ] {
            assert_depth(&unit.repeat(3000), expected);
        }
    }

    #[test]
    fn names_where_the_limit_is_passed() {
        let at = MAX_DEPTH as usize;
        assert_eq!(depth(&"[".repeat(100_000), true), Err(at));
        assert_eq!(depth(&"{".repeat(100_000), true), Err(at));
        assert_eq!(depth(&"`${".repeat(100_000), true), Err(at * 3));
        assert_eq!(depth(&"[".repeat(at - 1), true), Ok(MAX_DEPTH));
    }

    proptest::proptest! {
        #[test]
        fn reads_any_text(text in r#"([\\(){}\[\]/'"`$:;?=>!a\n -]|else |if|class |\\|é){0,40}"#) {
            let _ = depth(&text, true);
        }
    }
}
