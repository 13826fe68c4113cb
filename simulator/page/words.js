// The page's own words in both languages, the language in force, and how dates are said.

/** @typedef {"zh"|"en"} Language */

const words = {
  title: ["试用台", "Simulator"],
  subtitle: ["浏览器里的小 Telegram", "a small Telegram in the browser"],
  skip: ["跳到手机", "Skip to the phones"],
  phones: ["手机", "Phones"],
  switchPhones: ["换一部手机", "Switch phones"],
  addPhone: ["添一部手机", "Add a phone"],
  waking: ["小镇正在醒来:居民和委员在过去几周里做了什么…", "The town is waking up: what its people did in the last weeks…"],
  knownPeople: ["这里的人", "People of this place"],
  phoneName: ["名字", "Name"],
  phoneLanguage: ["手机语言", "Phone's language"],
  add: ["添加", "Add"],
  cancel: ["取消", "Cancel"],
  close: ["关闭", "Close"],
  language: ["换成英文 (English)", "Switch to Chinese (中文)"],
  languageShort: ["EN", "中文"],
  theme: ["深色", "Dark colours"],
  panel: ["幕后", "Behind the scenes"],
  tour: ["导览", "Tour"],
  clock: ["机器人的时间", "The bot's time"],
  moveClock: ["把时间往前拨", "Put the clock forward"],
  holdClock: ["时间停住", "Hold the clock"],
  plus10m: ["+10 分钟", "+10 min"],
  plus1h: ["+1 小时", "+1 hour"],
  plus1d: ["+1 天", "+1 day"],
  nextMorning: ["下个工作日 8:35", "Workday 8:35"],
  connecting: ["正在连接…", "Connecting…"],
  lost: ["连接断了,正在重连…", "Connection lost, trying again…"],
  bot: ["机器人", "bot"],
  members: ["{count} 人", "{count} members"],
  start: ["开始", "Start"],
  about: ["这个机器人能做什么?", "What can this bot do?"],
  startHint: ["还没有消息。点“开始”,和机器人打个招呼。", "No messages yet. Press Start to greet the bot."],
  unblock: ["解除屏蔽", "Unblock the bot"],
  blockedNote: ["{name}屏蔽了机器人", "{name} has blocked the bot"],
  deletedNote: ["{name}的账号已删除", "{name}'s account is deleted"],
  phoneMenu: ["{name}的更多操作", "More for {name}"],
  block: ["屏蔽机器人", "Block the bot"],
  deleteAccount: ["删除账号", "Delete the account"],
  deleteSure: ["再点一次就删除", "Press again to delete"],
  hidePhone: ["收起这部手机", "Put this phone away"],
  switchTo: ["手机语言:{language}", "Phone's language: {language}"],
  chats: ["{name}的聊天", "{name}'s chats"],
  "role.resident": ["居民", "resident"],
  "role.member": ["委员", "member"],
  "role.coordinator": ["联络员", "coordinator"],
  "role.department": ["承办单位", "department"],
  "role.observer": ["专委会", "observer"],
  chatWith: ["{name}与{bot}的对话", "{name}'s chat with {bot}"],
  message: ["消息", "Message"],
  send: ["发送", "Send"],
  attach: ["添加附件", "Attach"],
  commands: ["命令菜单", "Commands"],
  replyKeyboard: ["快捷键盘", "Quick replies"],
  photo: ["图片…", "Picture…"],
  samples: ["示例图片", "Sample pictures"],
  lamp: ["路灯不亮", "Dark street lamp"],
  road: ["路面坑洼", "Hole in the road"],
  rubbish: ["垃圾堆放", "Piled rubbish"],
  water: ["管道漏水", "Leaking pipe"],
  pavement: ["人行道破损", "Broken pavement"],
  bench: ["长椅断了", "Broken bench"],
  album: ["三张示例相册", "Album of three"],
  location: ["位置", "Location"],
  voice: ["语音", "Voice"],
  file: ["文件…", "File…"],
  contact: ["名片", "Contact"],
  chooseOnMap: ["点地图放图钉,也可用方向键", "Click the map to set the pin, or use the arrow keys"],
  sendLocation: ["发送这个位置", "Send this place"],
  shareContact: ["机器人想要您的电话号码。发送吗?", "The bot asks for your phone number. Share it?"],
  share: ["发送", "Share"],
  remove: ["去掉 {name}", "Remove {name}"],
  caption: ["加一句说明…", "Add a caption…"],
  reply: ["回复", "Reply"],
  edit: ["修改", "Edit"],
  replyingTo: ["回复 {name}", "Reply to {name}"],
  editing: ["修改这条消息", "Edit this message"],
  copy: ["复制文字", "Copy the text"],
  copied: ["已复制", "Copied"],
  calls: ["看 API 调用", "See the API calls"],
  moreFor: ["这条消息的更多操作", "More for this message"],
  edited: ["已编辑", "edited"],
  sent: ["已送到", "delivered"],
  seen: ["机器人已收到", "the bot has it"],
  forwardedFrom: ["转发自 {name}", "Forwarded from {name}"],
  forwardToBot: ["转发给机器人", "Forward to the bot"],
  forwardedToBot: ["已转发给{bot}", "Forwarded to {bot}"],
  spoiler: ["隐藏的文字,点按显示", "Hidden text, press to show"],
  spoilerPhoto: ["隐藏的图片,点按显示", "Hidden picture, press to show"],
  showMore: ["展开", "Show more"],
  openPhoto: ["放大图片", "Enlarge the picture"],
  photoBy: ["{name}发的图片", "Picture from {name}"],
  download: ["下载 {name}", "Download {name}"],
  playVoice: ["播放语音,{length}", "Play voice message, {length}"],
  sticker: ["贴纸", "Sticker"],
  unsupported: ["此处不显示的内容:{kind}", "Not shown here: {kind}"],
  "service.pinned_message": ["置顶了一条消息", "pinned a message"],
  "service.new_chat_members": ["新成员入群", "joined the group"],
  "service.left_chat_member": ["退出了群", "left the group"],
  "service.migrate_to_chat_id": ["群已升级", "the group was upgraded"],
  "service.migrate_from_chat_id": ["群已升级", "the group was upgraded"],
  "media.photo": ["图片", "Picture"],
  "media.video": ["视频", "Video"],
  "media.voice": ["语音", "Voice message"],
  "media.audio": ["音频", "Audio"],
  "media.document": ["文件", "File"],
  "media.location": ["位置", "Location"],
  "media.venue": ["地点", "Place"],
  "media.contact": ["名片", "Contact"],
  "media.sticker": ["贴纸", "Sticker"],
  heard: ["{phone}的手机,{from}:", "{phone}'s phone, {from}: "],
  heardMany: ["{phone}的手机:{count}条新消息", "{phone}'s phone: {count} new messages"],
  walkChat: ["方向键逐条看消息,Tab 键到它的按钮", "Arrow keys go from message to message, Tab to its buttons"],
  botSays: ["机器人的提示", "The bot says"],
  toBottom: ["到最新消息", "To the newest message"],
  unread: ["新消息", "New messages"],
  buttons: ["按钮", "Buttons"],
  ok: ["好", "OK"],
  openLink: ["机器人要打开网址", "The bot opens a link"],
  refused: ["Telegram 拒绝:{why}", "Telegram refused: {why}"],
  failed: ["没有成功:{why}", "That did not work: {why}"],
  typing: ["正在输入…", "typing…"],
  upload_photo: ["正在发送图片…", "sending a picture…"],
  upload_document: ["正在发送文件…", "sending a file…"],
  record_voice: ["正在录音…", "recording…"],
  upload_voice: ["正在发送语音…", "sending a voice message…"],
  find_location: ["正在选择位置…", "choosing a place…"],
  callsTitle: ["API 调用", "API calls"],
  callsOfMessage: ["{name}的消息 {id}", "Message {id}, {name}"],
  callsRecent: ["最近的调用。选一条消息,只看它的。", "The latest calls. Choose a message to see only its own."],
  callsNone: ["这条消息没有机器人的调用。", "No call of the bot touched this message."],
  callsYet: ["机器人还没有调用什么。", "The bot has not called anything yet."],
  callsAll: ["看全部", "Show all"],
  request: ["请求", "Request"],
  answer: ["回应", "Answer"],
  chaosTitle: ["捣乱", "Chaos"],
  chaosWhy: [
    "让网络和 Telegram 出错,看机器人能否撑住。",
    "Make the network and Telegram fail and see whether the bot copes.",
  ],
  chaosRate: ["多少调用会遇上", "Share of calls hit"],
  chaosOff: ["关", "off"],
  "chaos.429": ["限速 (429)", "Too many requests (429)"],
  "chaos.500": ["服务器出错 (500)", "Server error (500)"],
  "chaos.timeout": ["没有回音", "Time-out"],
  "chaos.reset": ["连接断开", "Connection reset"],
  "chaos.lost": ["做了,但回音丢了", "Done, but the answer is lost"],
  "chaos.duplicate": ["更新来两次", "Update comes twice"],
  "chaos.late": ["更新晚到", "Update comes late"],
  transcriptTitle: ["对话记录", "Transcript"],
  transcriptWhy: ["把刚才做的一切存成可以重放的文本。", "Saves all you just did as text that can be replayed."],
  saveTranscript: ["保存对话记录", "Save as transcript"],
  tourStep: ["第 {at} 步,共 {of} 步", "Step {at} of {of}"],
  tourNext: ["下一步", "Next"],
  tourLeave: ["离开导览", "Leave the tour"],
  tourSkip: ["跳过这步", "Skip this step"],
  tourRetry: ["再试一次", "Try again"],
  tourStuck: [
    "没找到这一步要按的按钮。可以再试、跳过,或自己动手。",
    "The button for this step is not there. Try again, skip it, or go on by hand.",
  ],
  tourDone: ["完成", "Done"],
  tourBy: ["{name}的手机", "{name}'s phone"],
};

/** @type {Language} */
let current = start();
/** @type {Set<() => void>} */
const hearers = new Set();

/** @returns {Language} */
function start() {
  const chosen = remembered("language");
  if (chosen === "zh" || chosen === "en") return chosen;
  return navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en";
}

/** What the browser keeps for this page, or null where it keeps nothing. @param {string} name */
export function remembered(name) {
  try {
    return localStorage.getItem(`simulator.${name}`);
  } catch {
    return null;
  }
}

/** @param {string} name @param {string} value */
export function remember(name, value) {
  try {
    localStorage.setItem(`simulator.${name}`, value);
  } catch {
    // Without storage the choice lasts as long as the page.
  }
}

/** @returns {Language} */
export function language() {
  return current;
}

/** @param {Language} wanted */
export function setLanguage(wanted) {
  current = wanted;
  remember("language", wanted);
  document.documentElement.lang = wanted === "zh" ? "zh-Hans" : "en";
  hearers.forEach((hear) => hear());
}

/** Calls `hear` after each change of language. @param {() => void} hear */
export function onLanguage(hear) {
  hearers.add(hear);
}

/** Whether there are words under `key`. @param {string} key */
export function has(key) {
  return key in words;
}

/**
 * The words under `key`; a key without words is shown as it is.
 * @param {string} key
 * @param {Record<string, string|number>} [values]
 */
export function say(key, values = {}) {
  const pair = words[/** @type {keyof typeof words} */ (key)];
  const text = pair ? pair[current === "zh" ? 0 : 1] : key;
  return text.replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ""));
}

/** The language a text is written in as its script shows it, or undefined where it has no letters. @param {string} text */
export function languageOf(text) {
  const han = text.match(/\p{Script=Han}/gu)?.length ?? 0;
  const latin = text.match(/\p{Script=Latin}+/gu)?.length ?? 0;
  if (!han && !latin) return undefined;
  return han >= latin ? "zh-Hans" : "en";
}

/** @param {Date} date @param {string|undefined} zone @param {Intl.DateTimeFormatOptions} form */
export function dated(date, zone, form) {
  const locale = current === "zh" ? "zh-CN" : "en-GB";
  return new Intl.DateTimeFormat(locale, { timeZone: zone, hourCycle: "h23", ...form }).format(date);
}

/** @param {number} seconds @returns {string} 0:07 */
export function lasting(seconds) {
  return `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;
}

/** @param {number|undefined} bytes */
export function weight(bytes) {
  if (bytes == null) return "";
  if (bytes < 1024) return `${bytes} B`;
  return bytes < 1024 ** 2 ? `${Math.round(bytes / 1024)} KB` : `${(bytes / 1024 ** 2).toFixed(1)} MB`;
}
