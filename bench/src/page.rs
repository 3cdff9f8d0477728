//! Reports as one HTML page without scripts, fonts or links; plots are inline SVG.

pub(crate) mod plot;

/// Head and style of a page.
const HEAD: &str = include_str!("page/head.html");

/// A page with this title and body.
pub(crate) fn page(title: &str, body: &str) -> String {
    HEAD.replace("{title}", &escape(title)) + body
}

/// Escapes text for HTML.
pub(crate) fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::escape;

    #[test]
    fn server_texts_are_escaped_in_markup() {
        assert_eq!(escape("<b>&"), "&lt;b&gt;&amp;");
    }
}
