//! The Metrics explorer: what a visitor sees of a query, and of a promise made from it.

use super::{console, get};

async fn page(path: &str) -> String {
    let answer = get(&console(), path).await;
    assert_eq!(answer.status, 200, "{path}");
    answer.text()
}

#[tokio::test]
async fn a_chart_has_a_line_and_a_row_for_each_series() {
    let html = page("/explore?query=payments_total&range=15m&lang=en").await;
    // The shop knows succeeded and failed payments; each has a line and a key in the legend.
    assert_eq!(html.matches("class=\"series s0\"").count(), 2);
    assert_eq!(html.matches("class=\"series s1\"").count(), 2);
    assert_eq!(html.matches("class=\"series s2\"").count(), 0);
    assert!(
        html.contains("payments_total{status=&quot;failed&quot;}"),
        "{html}"
    );
    assert!(html.contains("2 series"));
}

#[tokio::test]
async fn what_else_happened_is_marked_and_listed() {
    let html = page("/explore?query=payments_total&range=15m&lang=en").await;
    // The incident opened 14 minutes ago and goes on.
    assert!(html.contains("class=\"band broken\"") && html.contains("href=\"/incidents/INC-7\""));
    let before = page("/explore?query=payments_total&range=5m&end=2026-11-22T01:00:00Z").await;
    assert!(!before.contains("INC-7"), "it had not opened yet");
    // The shop was deployed 20 minutes ago.
    assert!(!html.contains("acme/shop"));
    let longer = page("/explore?query=payments_total&range=30m&lang=en").await;
    assert!(longer.contains("<a href=\"https://ci.example/1\" rel=\"noreferrer\">acme/shop"));
}

#[tokio::test]
async fn a_chart_leads_to_the_traces_behind_it() {
    let query = "histogram_quantile(0.99,sum+by(le)(rate(payment_seconds_bucket[5m])))";
    let html = page(&format!("/explore?query={query}&range=15m&lang=en")).await;
    let trace = "<a href=\"/traces/4bf92f3577b34da6a3ce929d0e0e4736\">";
    assert!(html.contains(trace) && html.contains("order=o-7"), "{html}");
    let other = page("/explore?query=payments_total&range=15m&lang=en").await;
    assert!(!other.contains("Calls behind it"));
}

#[tokio::test]
async fn where_reading_stopped_is_underlined() {
    let html = page("/explore?query=sum(payments_total)+bogus+1&lang=en").await;
    assert!(
        html.contains("<pre>sum(payments_total) <mark>bogus</mark> 1</pre>"),
        "{html}"
    );
    assert!(html.contains("This is not PromQL"));
}

#[tokio::test]
async fn the_question_stays_in_its_form_and_in_the_links_to_its_views() {
    let html = page("/explore?query=payments_total%7Bstatus%3D%22ok%22%7D&range=6h&step=5m").await;
    assert!(html.contains("payments_total{status=&quot;ok&quot;}</textarea>"));
    assert!(html.contains("<option value=\"6h\" selected>"));
    assert!(html.contains(
        "/explore?query=payments_total%7Bstatus%3D%22ok%22%7D&amp;range=6h&amp;step=5m&amp;view=table"
    ));
}

#[tokio::test]
async fn a_table_has_the_values_of_one_instant() {
    let html = page("/explore?query=payments_total&view=table&lang=en").await;
    assert!(html.contains("<table class=\"values\">"));
    assert!(!html.contains("class=\"series"));
    // A range vector cannot be drawn, so it is a table however it is asked for.
    let html = page("/explore?query=payments_total%5B1m%5D&lang=en").await;
    assert!(html.contains("samples, last"), "{html}");
}

#[tokio::test]
async fn a_promise_from_a_query_is_checked_tried_and_shown_but_not_written() {
    let query = "sum(rate(payments_total%7Bstatus%3D%22failed%22%7D%5B5m%5D))%2Fsum(rate(payments_total%5B5m%5D))";
    let html = page(&format!(
        "/explore/promise?query={query}&id=few_fail&bound=at_most&value=0.005&window=7d&lang=en"
    ))
    .await;
    // At most 0.5 % failed is at least 99.5 % good.
    for line in [
        "kind: ratio",
        "at_least: 99.5 %",
        "window: 7d",
        "bad: &quot;payments_total{status=",
    ] {
        assert!(html.contains(line), "{line}\n{html}");
    }
    // Every seventh of 24 hours and of 30 days, from the fourth on, was bad: 3 and 4.
    assert!(
        html.contains("3 broken, 21 kept") && html.contains("4 broken, 26 kept"),
        "{html}"
    );
    assert!(html.contains("Nothing has been written."));
}

#[tokio::test]
async fn a_promise_that_is_wrong_says_so_and_has_no_past() {
    let html = page("/explore/promise?query=up&id=x&bound=at_most&value=many&lang=en").await;
    assert!(html.contains("<b>error</b>"), "{html}");
    assert!(!html.contains("What it would have said"));
    let hostile = page("/explore/promise?query=%3Cscript%3E&id=%3Cb%3E&value=%22%0Ay:+z").await;
    assert!(
        !hostile.contains("<script>") && !hostile.contains("<b><"),
        "{hostile}"
    );
}
