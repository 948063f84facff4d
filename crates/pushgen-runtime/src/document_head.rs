//! Where a document that is encoded on the fly may be divided.
//!
//! In: the word of the service. Out: [`DocumentHead`] in the extensions of its response. A policy knows this place for
//! a file as it is and for its precompressed siblings (`Page::head`); what a server encodes by itself has another
//! length each time the encoder is another.

/// How many bytes of a page's body, as the service sends it, go before what is pushed with the page; in the extensions
/// of its response. It overrides the policy's word and is heeded with status 200 alone; 0 puts the pushes first, and a
/// number beyond the body's length the page.
///
/// It is for services that encode on the fly. Such a one flushes its encoder behind the page's head, whose length
/// without any coding the policy has (`Policy::page`), and says how many bytes that made.
///
/// ```
/// use http::Response;
/// use pushgen_runtime::DocumentHead;
///
/// /// `head` and `rest` are what an encoder gave before and after the flush.
/// fn page(head: Vec<u8>, rest: Vec<u8>) -> Response<Vec<u8>> {
///     let length = head.len() as u64;
///     let mut response = Response::new([head, rest].concat());
///     response.extensions_mut().insert(DocumentHead(length));
///     response
/// }
/// # assert!(page(vec![1], vec![2]).extensions().get() == Some(&DocumentHead(1)));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DocumentHead(pub u64);
