// Sets theme and language before the first paint, so that nothing flashes. A file and not an inline script: the content
// security policy allows no inline scripts at all.
try {
  document.documentElement.dataset.theme = localStorage.getItem('claude-proxy.theme') || 'auto'
  document.documentElement.lang = localStorage.getItem('claude-proxy.lang') || (/^zh/i.test(navigator.language) ? 'zh-CN' : 'en')
} catch {
  // Storage may be forbidden; then the defaults stand.
}
