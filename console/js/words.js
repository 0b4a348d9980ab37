// Everything the page says: [português do Brasil, English]. `{name}` is filled in; "one|other" is chosen by `{n}`.

import { queryWords } from "./words/query.js";
import { serviceWords } from "./words/service.js";

/** @type {Record<string, [string, string]>} */
export const words = {
  title: ["Viabilidade", "Viability"],
  panel: ["Painel", "Panel"],
  views: ["Vistas", "Views"],
  "view.query": ["Consulta", "Query"],
  "view.state": ["Estado", "State"],
  "view.box": ["Caixa", "Box"],
  search: ["Caixa ou coordenadas", "Box or coordinates"],
  leave: ["Sair", "Sign out"],
  again: ["Tentar de novo", "Try again"],
  copied: ["Copiado", "Copied"],
  not_copied: ["Não foi possível copiar", "Could not be copied"],
  yes: ["sim", "yes"],
  no: ["não", "no"],
  off: ["desligado", "off"],
  "language.other": ["EN: switch to English", "PT: mudar para português"],
  "theme.light": ["Tema claro", "Light theme"],
  "theme.dark": ["Tema escuro", "Dark theme"],
  "tenants.none": ["nenhum cliente", "no tenant"],
  "tenants.choose": ["Cliente", "Tenant"],
  "time.ago": ["há {span}", "{span} ago"],

  sheet: ["Altura do painel: {height}", "Height of the panel: {height}"],
  "sheet.low": ["baixa", "low"],
  "sheet.half": ["média", "half"],
  "sheet.full": ["inteira", "full"],

  map: [
    "Mapa das caixas. As setas movem, mais e menos aproximam e afastam, Enter consulta o centro.",
    "Map of the boxes. Arrows move it, plus and minus zoom, Enter asks about its centre.",
  ],
  "map.zoom": ["Aproximação", "Zoom"],
  "map.nearer": ["Aproximar", "Zoom in"],
  "map.farther": ["Afastar", "Zoom out"],
  "map.all": ["Mostrar toda a rede", "Show the whole network"],
  legend: ["Legenda", "Legend"],
  "legend.plenty": ["portas livres", "free ports"],
  "legend.last": ["últimas uma ou duas", "last one or two"],
  "legend.none": ["sem porta livre", "no free port"],
  "legend.draft": ["em projeto", "planned only"],
  "legend.bare": ["sem splitter de atendimento", "no service splitter"],
  "legend.unreadable": ["não pôde ser lida", "could not be read"],
  "compass.north": ["N", "N"],
  "compass.south": ["S", "S"],
  "compass.east": ["L", "E"],
  "compass.west": ["O", "W"],

  "sign_in.title": ["Console de viabilidade", "Viability console"],
  "sign_in.lead": ["Entre com o token de administrador deste servidor.", "Sign in with the admin token of this server."],
  "sign_in.token": ["Token de administrador", "Admin token"],
  "sign_in.where": [
    "Está no arquivo de admin.token_file. Fica só na memória desta página: recarregar pede de novo.",
    "It stands in the file of admin.token_file. It stays in this page's memory only: a reload asks again.",
  ],
  "sign_in.enter": ["Entrar", "Sign in"],

  "error.bad_admin_token": ["Este não é o token de administrador. Confira o arquivo de admin.token_file no servidor.", "This is not the admin token. See the file of admin.token_file on the server."],
  "error.token_gone": ["O servidor não aceita mais este token. Entre com o atual.", "The server takes this token no more. Sign in with the current one."],
  "error.no_admin_token": [
    "Este servidor não tem token de administrador. Defina admin.token_file na configuração e recarregue-a.",
    "This server has no admin token. Set admin.token_file in its configuration and reload that.",
  ],
  "error.wait": ["Tente de novo em {span}.", "Try again in {span}."],
  "error.locked_out": ["Muitos tokens errados vindos deste endereço.", "Too many wrong tokens from this address."],
  "error.foreign_site": ["O endereço desta página não é o do servidor. Abra o console pelo endereço do próprio servidor.", "This page was not opened by the server's own address. Open the console by that."],
  "error.unreachable": ["O servidor não respondeu. Veja se o serviço está no ar e se a rede chega até ele.", "The server did not answer. See whether the service is up and the network reaches it."],
  "error.no_data": ["Ainda não há dados: a primeira leitura não terminou. Veja o andamento em Estado.", "There are no data yet: the first reading has not ended. See its progress in State."],
  "error.unknown_tenant": ["Não há cliente com este nome. Escolha um na barra de cima.", "There is no tenant of this name. Choose one in the bar above."],
  "error.stopping": ["O serviço está parando. Tente de novo quando ele voltar.", "The service is stopping. Try again when it is back."],
  "error.not_asked": ["O orçamento de consultas ao OZmap acabou por agora. Espere alguns segundos.", "The budget of calls to OZmap is used up for now. Wait some seconds."],
  "error.refused_by_ozmap": ["O OZmap recusa a chave ou esta pergunta. Veja com `viability-proxy check --online`.", "OZmap refuses the key, or this question. See with `viability-proxy check --online`."],
  "error.ozmap_failed": ["O OZmap não respondeu. Os últimos dados bons continuam respondendo; tente de novo em um minuto.", "OZmap did not answer. The last good data go on answering; try again in a minute."],
  "error.other": ["O servidor recusou: {message}", "The server refused: {message}"],

  ...queryWords,
  ...serviceWords,
};
