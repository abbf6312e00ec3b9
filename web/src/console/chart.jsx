import { useEffect, useRef } from "preact/hooks";

/** A chart by uPlot, as wide as its place. `options` makes it anew, in the theme of now. The figures stand beside it in a
 * table, so readers of screens pass it over. */
export function Chart({ options, data, height = 200 }) {
  const place = useRef();
  useEffect(() => {
    let plot;
    let gone = false;
    let uPlot;
    const draw = () => {
      plot?.destroy();
      const width = place.current.clientWidth || 300;
      plot = new uPlot({ width, height, cursor: { show: false }, legend: { show: false }, ...options(uPlot) }, data, place.current);
    };
    const size = new ResizeObserver(() => {
      const width = place.current?.clientWidth;
      if (plot && width && width !== plot.width) plot.setSize({ width, height });
    });
    const dark = matchMedia("(prefers-color-scheme: dark)");
    import("uplot").then((found) => {
      if (gone) return;
      uPlot = found.default;
      draw();
      size.observe(place.current);
      dark.addEventListener("change", draw);
      addEventListener("callbox:theme", draw);
    });
    return () => {
      gone = true;
      size.disconnect();
      dark.removeEventListener("change", draw);
      removeEventListener("callbox:theme", draw);
      plot?.destroy();
    };
  }, [data]);
  return <div class="chart" ref={place} aria-hidden="true" />;
}
