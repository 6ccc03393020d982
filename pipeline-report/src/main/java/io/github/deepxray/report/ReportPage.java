package io.github.deepxray.report;

/**
 * A report as one HTML page that needs nothing beside it: no scripts, no fonts, no pictures but
 * inline ones, in the reader's light or dark colours. The same content gives the same bytes.
 */
public final class ReportPage {
  // Blue and orange stay apart with every common colour blindness, and lines differ in dashes too.
  static final String STYLE =
      Html.STYLE
          + """
          :root { --test: #0b5cad; --validation: #b35900; --training: #6a7380; --augmented: #8250a8;
            --good: #1a6b3c; --part0: #4c6a88; --part1: #7a3e9d; --part2: #00705c;
            --part3: #6f5f4a; --part4: #9a3b3b; --part5: #3b6e22; --part6: #805300;
            --part7: #2f5fb3; --on: #ffffff; --warn: #fff4d6; --warnline: #d4a72c; }
          @media (prefers-color-scheme: dark) {
            :root { --test: #6cb6ff; --validation: #f0a35e; --training: #9aa4ae;
              --augmented: #c9a2ec; --good: #6fd08c; --part0: #9db7d3; --part1: #cfa5e8;
              --part2: #6fd6c0; --part3: #cdb998; --part4: #f0a3a3; --part5: #a8d58c;
              --part6: #e3bd73; --part7: #a3c4ff; --on: #0d1117; --warn: #2d2508;
              --warnline: #9e7a1a; } }
          body { max-width: 78rem; margin: 1rem auto 3rem; overflow-wrap: break-word; }
          h1 { margin: .2rem 0 0; } h2 { margin: 0 0 .5rem; } h3 { font-size: 1rem; }
          p { margin: .4rem 0; max-width: 62rem; }
          main > section { border-top: 1px solid var(--line); margin-top: 1.75rem;
            padding-top: 1.25rem; }
          .warning { background: var(--warn); border: 1px solid var(--warnline);
            border-radius: 6px; padding: .35rem .75rem; max-width: none; }
          a { color: var(--test); } nav { margin-top: 1rem; }
          nav a { margin-right: 1rem; white-space: nowrap; }
          .cards { display: grid; grid-template-columns: minmax(0, 5fr) minmax(0, 3fr);
            gap: .75rem; margin-top: .75rem; }
          .card { background: var(--raised); border: 1px solid var(--line); border-radius: 6px;
            padding: .6rem .9rem; min-width: 0; }
          .card ul { margin: .2rem 0; padding-left: 1.1rem; } .card li { margin: .25rem 0; }
          .card p { font-size: 13px; }
          dl { margin: 0; } dt { color: var(--soft); font-size: 12px; }
          dd { margin: 0 0 .3rem; overflow-wrap: anywhere; }
          caption { text-align: left; color: var(--soft); padding-bottom: .3rem; }
          caption span { display: block; position: sticky; left: 0; max-width: calc(100vw - 4rem); }
          tbody th { vertical-align: middle; }
          .scroll { margin: .6rem 0; } .scroll:focus-visible { outline: 2px solid var(--test); }
          td.main { font-weight: 600; font-size: 14px; } .together { white-space: nowrap; }
          .card table { width: 100%; } .card th, .card td { padding: .2rem .4rem; }
          th.strip, td.strip { width: 30%; padding: 0 .3rem; } svg.strip { width: 100%; }
          th.key::before { content: ''; display: inline-block; width: .75em; height: .75em;
            border-radius: 50%; margin-right: .3em; }
          th.test::before { background: var(--test); }
          th.validation::before { border: 2px solid var(--validation); width: .4em;
            height: .4em; }
          .verdicts { list-style: none; padding: 0 !important; }
          .good { color: var(--good); font-weight: 600; }
          code { font: 12px/1.4 ui-monospace, monospace; overflow-wrap: anywhere;
            unicode-bidi: isolate; }
          .figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(26rem, 1fr));
            gap: .5rem 2rem; align-items: start; }
          figure { margin: .5rem 0; min-width: 0; }
          figcaption { color: var(--soft); font-size: 13px; max-width: 36rem; }
          svg.chart { width: 100%; max-width: 36rem; height: auto; }
          svg.bars text.on { fill: var(--on); font-weight: 600; }
          svg.chart text { paint-order: stroke; stroke: var(--page); stroke-width: 3px;
            stroke-linejoin: round; } svg.bars text { stroke: none; }
          svg text.name { font-size: 12px; fill: var(--text); } svg text.end { font-size: 12px; }
          .grid { stroke: var(--line); stroke-width: .6; } .axis { stroke: var(--soft); }
          .rule { stroke: var(--soft); stroke-dasharray: 3 3; fill: none; }
          .line { fill: none; stroke-width: 1.8; stroke-linejoin: round; }
          .line.validation { stroke-dasharray: 6 3; } .line.augmented { stroke-dasharray: 2 2; }
          .line.test, .whisker.test { stroke: var(--test); }
          .line.validation, .whisker.validation { stroke: var(--validation); }
          .line.training { stroke: var(--training); } .line.augmented { stroke: var(--augmented); }
          .line.rule { stroke-width: 1; } .whisker { stroke-width: 1.6; }
          .dot { stroke-width: 1.5; } .dot.test { fill: var(--test); stroke: var(--page); }
          .dot.validation { fill: var(--page); stroke: var(--validation); }
          .dot.training { fill: var(--training); } .dot.augmented { fill: var(--augmented); }
          .band { opacity: .18; } .band.test { fill: var(--test); }
          .band.validation { fill: var(--validation); } .bar.test { fill: var(--test); opacity: .75; }
          .end.training { fill: var(--training); } .end.validation { fill: var(--validation); }
          .end.augmented { fill: var(--augmented); }
          .part0 { fill: var(--part0); } .part1 { fill: var(--part1); }
          .part2 { fill: var(--part2); } .part3 { fill: var(--part3); }
          .part4 { fill: var(--part4); } .part5 { fill: var(--part5); }
          .part6 { fill: var(--part6); } .part7 { fill: var(--part7); }
          .confusion td { text-align: center; min-width: 9rem; font-size: 14px;
            border: 1px solid var(--line); }
          .confusion td b { font-size: 17px; }
          .confusion th { white-space: normal; overflow-wrap: anywhere; min-width: 4.5rem; }
          .right.depth1 { background: color-mix(in srgb, var(--test) 8%, transparent); }
          .right.depth2 { background: color-mix(in srgb, var(--test) 14%, transparent); }
          .right.depth3 { background: color-mix(in srgb, var(--test) 20%, transparent); }
          .right.depth4 { background: color-mix(in srgb, var(--test) 26%, transparent); }
          .right.depth5 { background: color-mix(in srgb, var(--test) 32%, transparent); }
          .wrong.depth1 { background: color-mix(in srgb, var(--validation) 12%, transparent); }
          .wrong.depth2 { background: color-mix(in srgb, var(--validation) 22%, transparent); }
          .wrong.depth3 { background: color-mix(in srgb, var(--validation) 32%, transparent); }
          .wrong.depth4 { background: color-mix(in srgb, var(--validation) 42%, transparent); }
          .wrong.depth5 { background: color-mix(in srgb, var(--validation) 52%, transparent); }
          .confusion td .soft { color: var(--text); font-size: 12px; }
          thead th { white-space: normal; }
          .artifacts th, .artifacts td { padding: .25rem .45rem; }
          .form { display: block; max-width: 14rem; font-weight: 400; white-space: normal;
            overflow-wrap: anywhere; }
          .names { padding-left: 1rem; list-style: none; }
          .samples { display: grid; grid-template-columns: 6.5rem repeat(8, minmax(0, 6rem));
            gap: .25rem; align-items: center; margin-bottom: .25rem; }
          .samples p { font-size: 13px; margin: 0; overflow-wrap: anywhere; }
          .samples img { width: 100%; display: block; }
          .mistakes { display: grid; grid-template-columns: repeat(auto-fill, minmax(16rem, 1fr));
            gap: .75rem; }
          .mistake { margin: 0; } .pair { display: grid; grid-template-columns: 1fr 1fr; gap: 2px; }
          .pair img { width: 100%; display: block; }
          .pairs { display: grid; grid-template-columns: repeat(auto-fill, minmax(9.5rem, 1fr));
            gap: .1rem 1.5rem; font-size: 13px; }
          .pairs > div { min-width: 0; }
          @media (max-width: 60rem) { .cards { grid-template-columns: minmax(0, 1fr); } }
          @media (max-width: 40rem) {
            .figures { grid-template-columns: minmax(0, 1fr); }
            th.strip, td.strip { display: none; }
            th, td { padding: .25rem .4rem; } tbody th { white-space: normal; }
            .card th, .card td, .card td.main { padding: .2rem .15rem; font-size: 11px;
              white-space: normal; }
            .confusion table { width: 100%; } .confusion th { min-width: 5.5rem; }
            .confusion td { min-width: 0; white-space: normal; }
            .confusion td .soft { font-size: 11px; }
            .samples { grid-template-columns: repeat(4, minmax(0, 1fr)); }
            .samples p { grid-column: 1 / -1; margin-top: .5rem; }
            .mistakes { grid-template-columns: repeat(auto-fill, minmax(14rem, 1fr)); } }
          @media print {
            :root { color-scheme: light; --text: #000000; --soft: #444444; --page: #ffffff;
              --raised: #ffffff; --line: #bbbbbb; --test: #0b5cad; --validation: #b35900;
              --training: #6a7380; --augmented: #8250a8; --good: #1a6b3c; --bad: #b3261e;
              --part0: #4c6a88; --part1: #7a3e9d; --part2: #00705c; --part3: #6f5f4a;
              --part4: #9a3b3b; --part5: #3b6e22; --part6: #805300; --part7: #2f5fb3;
              --on: #ffffff; --warn: #ffffff; }
            body { margin: 0; padding: 0; max-width: none; font-size: 10px;
              print-color-adjust: exact; -webkit-print-color-adjust: exact; }
            h1 { font-size: 18px; } h2 { font-size: 13px; } h3 { font-size: 11px; }
            main > section { margin-top: 1rem; padding-top: .6rem; }
            .card p, dt, figcaption, .pairs, .samples p { font-size: 9px; } code { font-size: 8px; }
            table, .card th, .card td, td.main { font-size: 8px; } nav { display: none; }
            th, td, .card th, .card td, .artifacts th, .artifacts td { padding: .1rem .25rem; }
            .scroll { overflow: visible; }
            caption span { max-width: none; } .form { max-width: 9rem; }
            .cards { grid-template-columns: minmax(0, 8fr) minmax(0, 5fr); gap: .4rem; }
            .card { padding: .3rem .6rem; }
            .figures { grid-template-columns: repeat(2, minmax(0, 1fr)); gap: .3rem 1rem; }
            .confusion td { min-width: 0; font-size: 9px; } .confusion td b { font-size: 12px; }
            .confusion td .soft { font-size: 8px; }
            svg.bars { max-width: 24rem; }
            .samples { grid-template-columns: 5rem repeat(8, 4rem); }
            .mistakes { grid-template-columns: repeat(4, minmax(0, 1fr)); gap: .4rem; }
            .pairs { grid-template-columns: repeat(4, minmax(0, 1fr)); gap: 0 .8rem; }
            @page { margin: 12mm; }
            h2, h3, h2 + p, h3 + p { break-after: avoid; }
            .scroll, figure, tr, li, p, .card, .samples, .confusion, .pairs div { break-inside: avoid; } }
          """;

  private ReportPage() {}

  /**
   * Draws a report.
   *
   * @throws io.github.deepxray.core.DeepXrayException if a picture of the content is damaged
   */
  public static String html(ReportContent content) {
    Html page = Html.page(content.name() + ": report", STYLE);
    page.open("header").add(warning());
    page.element("h1", content.name()).element("p", content.purpose());
    page.close().open("main");
    page.add(SummarySection.html(content));
    page.open("nav", "aria-label", "Sections");
    String[][] sections = {
      {"data", "Data"},
      {"curves", "Curves"},
      {"decisions", "Decisions"},
      {"calibration", "Calibration"},
      {"scores", "Scores"},
      {"training", "Training"},
      {"mistakes", "Mistakes"},
      {"artifacts", "Artifacts"},
      {"limits", "Limits"},
      {"provenance", "How it was made"}
    };
    for (String[] section : sections) {
      page.element("a", section[1], "href", "#" + section[0]).text(" ");
    }
    page.close();
    page.add(DataSection.html(content));
    page.add(CurvesSection.html(content));
    page.add(DecisionsSection.html(content));
    page.add(CalibrationSection.html(content));
    page.add(ScoresSection.html(content));
    page.add(TrainingSection.html(content));
    page.add(MistakesSection.html(content));
    page.add(ArtifactsSection.html(content));
    page.add(ProvenanceSection.html(content));
    return page.close().endPage();
  }

  /** What every page begins with. */
  static Html warning() {
    Html html = new Html();
    html.open("p", "class", "warning").element("b", "Not a medical device.");
    html.text(
        " Made for research and engineering; not reviewed or cleared for diagnosis, triage or any"
            + " other clinical use, and not to be used for it.");
    return html.close();
  }
}
