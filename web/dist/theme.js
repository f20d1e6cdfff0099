// Before the first paint: the theme that was chosen last, if any.
try {
  const theme = localStorage.getItem('tickgate.theme');
  if (theme === 'dark' || theme === 'light') document.documentElement.dataset.theme = theme;
} catch {
  // no storage: the system's theme
}
