/** uPlot and its styles, as a chunk of their own. */
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'

export const createPlot = (options: uPlot.Options, data: uPlot.AlignedData, host: HTMLElement): uPlot =>
  new uPlot(options, data, host)
