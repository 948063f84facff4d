//! What a browser's preload scanner makes of the tags: where it takes the body to have begun.
//!
//! In: the tokens on their way to the tree builder. Out: whether a tag `<body>` or `<img>` has come by. The
//! scanner looks at tags alone (Chromium's `html_preload_scanner.cc`): it does not know of the body that a
//! paragraph or a `div` implies, and what it asks for is reported as the head's until it sees one of these tags.

use std::cell::Cell;

use html5ever::interface::TreeSink;
use html5ever::local_name;
use html5ever::tokenizer::{Tag, TagKind, Token, TokenSink, TokenSinkResult};
use html5ever::tree_builder::TreeBuilder;

/// A sink that tells where the scanner has got to.
pub(super) trait SeesBody {
    /// A tag `<body>` or `<img>` has come by.
    fn see_body(&self);
}

/// Reads the tokens, and hands them on to the tree builder.
pub(super) struct PreloadScanner<Sink: TreeSink> {
    pub(super) builder: TreeBuilder<Sink::Handle, Sink>,
    /// How many inert templates are open.
    templates: Cell<usize>,
}

impl<Sink: TreeSink + SeesBody> PreloadScanner<Sink> {
    pub(super) fn new(builder: TreeBuilder<Sink::Handle, Sink>) -> Self {
        Self {
            builder,
            templates: Cell::new(0),
        }
    }

    fn scan(&self, tag: &Tag) {
        let templates = self.templates.get();
        match (tag.kind, &tag.name) {
            (TagKind::EndTag, &local_name!("template")) => {
                self.templates.set(templates.saturating_sub(1));
            }
            (TagKind::StartTag, &local_name!("template")) => {
                let is_live = templates == 0 && super::parser::declares_shadow_root(&tag.attrs);
                self.templates.set(templates + usize::from(!is_live));
            }
            (TagKind::StartTag, &(local_name!("body") | local_name!("img"))) if templates == 0 => {
                self.builder.sink.see_body();
            }
            // Another name of `img`, but not in SVG.
            (TagKind::StartTag, &local_name!("image"))
                if templates == 0
                    && !self.adjusted_current_node_present_but_not_in_html_namespace() =>
            {
                self.builder.sink.see_body();
            }
            _ => {}
        }
    }
}

impl<Sink> TokenSink for PreloadScanner<Sink>
where
    Sink: TreeSink + SeesBody,
    Sink::Handle: Clone,
{
    type Handle = Sink::Handle;

    fn process_token(&self, token: Token, line: u64) -> TokenSinkResult<Sink::Handle> {
        if let Token::TagToken(tag) = &token {
            self.scan(tag);
        }
        self.builder.process_token(token, line)
    }

    fn end(&self) {
        self.builder.end();
    }

    fn adjusted_current_node_present_but_not_in_html_namespace(&self) -> bool {
        self.builder
            .adjusted_current_node_present_but_not_in_html_namespace()
    }
}
