import { createApp } from 'vue'
import App from './App.vue'
import { setLang } from './lib/i18n'
import { startRouting } from './lib/route'
import { enter } from './api/session'
import './style/tokens.css'
import './style/base.css'

// The code of a one-time link leaves the address before anything else happens.
const code = new URLSearchParams(location.hash.slice(1)).get('code') ?? ''
if (code) history.replaceState(null, '', location.pathname + location.search)

startRouting()
void enter(code)
// The other dictionary is fetched before the first paint; without it English stands in.
setLang(document.documentElement.lang === 'zh-CN' ? 'zh-CN' : 'en').catch(() => setLang('en')).finally(() => createApp(App).mount('#app'))
