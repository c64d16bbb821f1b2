/* The person's choice of theme and density, before the first paint (src/app/appearance.ts writes them). */
;(function () {
  try {
    var theme = localStorage.getItem('lakegate-theme')
    if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme
    if (localStorage.getItem('lakegate-density') === 'compact')
      document.documentElement.dataset.density = 'compact'
  } catch {
    /* Storage is closed to us: the system's theme it is. */
  }
})()
