/** Bars as SVG, drawn by echarts without a document. Loaded when a chart is asked for: the mailbox has no use for half a megabyte. */
import { BarChart } from "echarts/charts";
import { GridComponent, TitleComponent } from "echarts/components";
import { init, use } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";
import { escapeToBuffer, type StringBuffer } from "hono/utils/html";

use([BarChart, GridComponent, TitleComponent, SVGRenderer]);

const WIDTH = 960;
const HEIGHT = 420;
const MARGIN = 32;
const INK = "#18181b";
const SOFT_INK = "#52525b";
const LINE = "#d4d4d8";
const PAPER = "#ffffff";

export interface Drawing {
  title: string;
  subtitle: string;
  sum: string;
  sumOf: string;
  /** In the place of bars where there are none. */
  nothing: string;
  /** For those who do not see it. */
  description: string;
  bars: { label: string; value: number }[];
  /** The smallest step between two lines. */
  step: number;
  readValue(value: number): string;
  barColor: string;
  headingColor: string;
  fontFamily: string;
}

export function drawChart(drawing: Drawing): string {
  const { title, subtitle, sum, sumOf, bars, barColor, headingColor, fontFamily } = drawing;
  const chart = init(null, null, { renderer: "svg", ssr: true, width: WIDTH, height: HEIGHT });
  const heading = { fontSize: 22, fontWeight: 700 as const, color: headingColor };
  const below = { fontSize: 15, color: SOFT_INK };
  const clipped = { width: 620, overflow: "truncate" as const };
  try {
    chart.setOption({
      animation: false,
      backgroundColor: PAPER,
      textStyle: { fontFamily },
      title: [
        {
          text: title,
          subtext: subtitle,
          left: MARGIN,
          top: 24,
          padding: 0,
          itemGap: 8,
          textStyle: { ...heading, ...clipped },
          subtextStyle: { ...below, ...clipped },
        },
        {
          text: sum,
          subtext: sumOf,
          left: WIDTH - MARGIN,
          top: 24,
          padding: 0,
          itemGap: 8,
          textAlign: "right",
          textStyle: { ...heading, color: INK },
          subtextStyle: below,
        },
        ...(bars.length > 0
          ? []
          : [{ text: drawing.nothing, left: "center", top: "middle", textStyle: { ...below, fontSize: 17 } }]),
      ],
      grid: { left: MARGIN, right: MARGIN, top: 108, bottom: 24, outerBoundsMode: "same" },
      xAxis: {
        type: "category",
        show: bars.length > 0,
        data: bars.map(({ label }) => label),
        axisTick: { show: false },
        axisLine: { lineStyle: { color: SOFT_INK } },
        axisLabel: { color: SOFT_INK, fontSize: 14, hideOverlap: true, margin: 12 },
      },
      yAxis: {
        type: "value",
        show: bars.length > 0,
        minInterval: drawing.step,
        splitNumber: 4,
        splitLine: { lineStyle: { color: LINE } },
        axisLabel: { color: SOFT_INK, fontSize: 14, formatter: drawing.readValue },
      },
      series: [
        {
          type: "bar",
          silent: true,
          data: bars.map(({ value }) => (value === 0 ? null : value)),
          barMaxWidth: 56,
          barCategoryGap: "22%",
          itemStyle: { color: barColor, borderRadius: bars.length > 60 ? 0 : 3 },
        },
      ],
    });
    return accessible(chart.renderToSVGString({ useViewBox: true }), title, drawing.description);
  } finally {
    chart.dispose();
  }
}

/** A picture with a name and a description (SVG accessibility: `title` and `desc` come first). */
const accessible = (svg: string, title: string, description: string): string =>
  svg.replace(
    /^<svg ([^>]*)>/,
    (_, attributes: string) =>
      `<svg role="img" aria-labelledby="chart-title" aria-describedby="chart-description" ${attributes}>` +
      `<title id="chart-title">${escaped(title)}</title><desc id="chart-description">${escaped(description)}</desc>`,
  );

function escaped(text: string): string {
  const buffer: StringBuffer = [""];
  escapeToBuffer(text, buffer);
  return String(buffer[0]);
}
