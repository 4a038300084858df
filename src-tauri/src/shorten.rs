//! Makes texts fit a line of a notification: how a value begins and how it ends both tell, so the middle goes.
//! Paths lose whole folders. Pure; whoever shortens says so elsewhere.

use crate::plain::columns;

/// Cut out here.
const GAP: char = '…';

/// The text in at most this many columns.
#[must_use]
pub fn shortened(text: &str, width: usize) -> String {
    if columns(text) <= width {
        return text.to_owned();
    }
    path(text, width).unwrap_or_else(|| middle(text, width))
}

/// `/home/ana/…/2026/invoice.pdf`: the first two parts, and as many of the last as there is room for. None for
/// what is no path, and where not even its last part fits.
fn path(text: &str, width: usize) -> Option<String> {
    let separator = if text.contains('\\') && !text.contains('/') { '\\' } else { '/' };
    let is_path = !text.contains(char::is_whitespace) && !text.contains("://");
    let parts: Vec<&str> = text.split(separator).collect();
    // A leading separator makes an empty first part.
    let kept = if text.starts_with(separator) { 3 } else { 2 };
    let (first, rest) = parts.split_at_checked(kept).filter(|(_, rest)| is_path && rest.len() > 1)?;
    let head = format!("{}{separator}{GAP}", first.join(&separator.to_string()));
    let room = width.checked_sub(columns(&head))?;
    let mut tail = String::new();
    for part in rest.iter().rev() {
        let longer = format!("{separator}{part}{tail}");
        if columns(&longer) > room {
            break;
        }
        tail = longer;
    }
    (!tail.is_empty()).then(|| head + &tail)
}

fn middle(text: &str, width: usize) -> String {
    let characters: Vec<char> = text.chars().collect();
    // Wide scripts take two columns a character.
    let room = if columns(text) > characters.len() { width / 2 } else { width }.saturating_sub(1);
    let (head, tail) = (room - room / 3, room / 3);
    let start: String = characters.iter().take(head).collect();
    let end: String = characters.iter().skip(characters.len().saturating_sub(tail).max(head)).collect();
    format!("{start}{GAP}{end}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits_stays() {
        assert_eq!(shortened("/home/ana/invoice.pdf", 30), "/home/ana/invoice.pdf");
    }

    #[test]
    fn a_path_loses_folders_in_the_middle() {
        let long = "/home/ana/projects/shop/backend/invoices/2026/11/invoice-4711.pdf";
        assert_eq!(shortened(long, 40), "/home/ana/…/2026/11/invoice-4711.pdf");
        assert_eq!(shortened(long, 30), "/home/ana/…/invoice-4711.pdf");
        assert_eq!(shortened(r"C:\Users\ana\projects\shop\invoice.pdf", 30), r"C:\Users\…\shop\invoice.pdf");
        assert_eq!(shortened("src/features/inbox/card/reasons/list.tsx", 30), "src/features/…/list.tsx");
    }

    #[test]
    fn a_path_whose_name_alone_is_too_long_is_cut_like_any_text() {
        let long = format!("/home/ana/projects/{}.pdf", "x".repeat(80));
        let short = shortened(&long, 40);
        assert!(short.starts_with("/home/ana/projects/xxx") && short.ends_with("xxx.pdf"), "{short}");
        assert_eq!(columns(&short), 40);
    }

    #[test]
    fn an_address_and_a_sentence_are_no_paths() {
        for text in
            ["https://example.com/one/two/three/four/five", "either / or / and so on / and so forth / end"]
        {
            let short = shortened(text, 30);
            assert!(columns(&short) <= 30 && !short.contains("/…/"), "{short}");
        }
    }

    #[test]
    fn wide_scripts_fit_too() {
        let short = shortened(&"漢".repeat(4_000), 40);
        assert!(columns(&short) <= 40 && short.contains(GAP), "{short}");
    }
}
