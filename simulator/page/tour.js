// The guided tour as data: one concern from the first message to the digest.
//
// A step names whose phone it plays on, what is done there and what the visitor is told before it is done:
//   who   "resident" | "member" | "coordinator" (the person whose role starts so, else the first, second, third phone),
//         or a first name
//   do    {say: {zh, en}}             writes a message in the phone's language
//         {photo: scene, say?}        sends a sample picture (sample.js names the scenes) with a caption
//         {press: /label/, last?}     presses the newest button whose label matches; `last` takes the last match in a message
//         {reply: {zh, en}}           answers the bot's newest message by replying to it
//         {location: {latitude, longitude}}
//         {advance: "2d" | "morning"} puts the clock forward
//         {look: true}                does nothing: the visitor only reads
//   tell  {zh, en}                    at most two sentences
//   optional                          a step whose button is not there is passed over without a word

/** @typedef {{zh: string, en: string}} Both */
/**
 * @typedef {object} Step
 * @property {string} who
 * @property {{say?: Both, photo?: string, press?: RegExp, last?: boolean, reply?: Both, location?: {latitude: number, longitude: number}, advance?: string, look?: boolean}} do
 * @property {Both} tell
 * @property {boolean} [optional]
 */

/** @type {Step[]} */
export const tour = [
  {
    who: "resident",
    do: { say: { zh: "/start", en: "/start" } },
    tell: {
      zh: "居民打开机器人。它用几行话说明能做什么,什么也不问。",
      en: "A resident opens the bot. It says in a few lines what it does and asks for nothing.",
    },
  },
  {
    who: "resident",
    do: {
      photo: "lamp",
      say: {
        zh: "城北社区3号楼门口路灯坏了两天,老人晚上出门看不见",
        en: "The street lamp at North Gate block 3 has been out for two days, older people cannot see at night",
      },
    },
    tell: {
      zh: "一条消息就是一件完整的诉求:照片加一句话。",
      en: "One message is a complete report: a picture and a sentence.",
    },
  },
  {
    who: "resident",
    do: { press: /马上发出|send now/i },
    optional: true,
    tell: {
      zh: "工作人员九十秒后才看到,居民还可以撤回。这里马上发出。",
      en: "Staff see it after ninety seconds, so it can still be undone. Here it is sent at once.",
    },
  },
  {
    who: "coordinator",
    do: { look: true },
    tell: {
      zh: "联络员已经收到新事项:类别和社区是猜的,期限是算的。",
      en: "The coordinator has the new case: kind and community are guessed, the deadline is worked out.",
    },
  },
  {
    who: "coordinator",
    do: { press: /(派给|→ )(李建国|James)/ },
    tell: {
      zh: "机器人按社区、界别和手头事项推荐委员。点一下就派单。",
      en: "The bot suggests members by community, sector and load. One press assigns.",
    },
  },
  {
    who: "member",
    do: { press: /签收|claim/i },
    tell: {
      zh: "委员签收,时钟开始走。居民马上知道是谁在办。",
      en: "The member claims the case, and its clock starts. The resident hears at once who has it.",
    },
  },
  {
    who: "member",
    do: { say: { zh: "/visit", en: "/visit" } },
    tell: { zh: "委员去现场看了,记一次走访。", en: "The member has been there and logs a visit." },
  },
  {
    who: "member",
    do: {
      photo: "lamp",
      say: {
        zh: "到现场看过,灯座进水,已联系路灯所,明天来换",
        en: "I have been there: water in the base. The lamp office comes tomorrow to replace it",
      },
    },
    tell: { zh: "现场照片和一句话就是走访记录。", en: "A picture and a sentence are the visit log." },
  },
  {
    who: "member",
    do: { press: /办结|^resolve/i },
    tell: {
      zh: "灯换好了,委员办结,说明是哪一种结果。",
      en: "The lamp is replaced. The member resolves the case and names the kind of result.",
    },
  },
  {
    who: "member",
    do: { press: /已解决|^solved$/i },
    tell: { zh: "结果分四种,这件是“已解决”。", en: "There are four kinds of result; this one is “solved”." },
  },
  {
    who: "member",
    do: {
      say: {
        zh: "灯座已换,今晚会亮。路灯所会再查一遍整条线路",
        en: "The base is replaced and the lamp will be on tonight. The whole line will be checked as well",
      },
    },
    tell: {
      zh: "再写一句话,说清楚做了什么。居民会收到原话。",
      en: "A few words say what was done. The resident gets them as they are.",
    },
  },
  {
    who: "resident",
    do: { press: /解决了,满意|solved, satisfied/i },
    tell: { zh: "有没有效果,由居民说了算。", en: "Whether it helped is for the resident to say." },
  },
  {
    who: "resident",
    do: {
      say: {
        zh: "楼下垃圾三天没人收,有味道了",
        en: "The rubbish downstairs has not been collected for three days and smells",
      },
    },
    tell: { zh: "再来一件,这次没人管。", en: "One more concern. This time nobody takes care of it." },
  },
  {
    who: "coordinator",
    do: { advance: "morning" },
    tell: {
      zh: "拨到下一个工作日早上。该提醒的人收到提醒,每人每天早上只有一条。",
      en: "On the next working morning those who must act are reminded, in one message each.",
    },
  },
  {
    who: "coordinator",
    do: { say: { zh: "/digest", en: "/digest" } },
    tell: {
      zh: "每天早上来一份简报,想看时也能马上要。",
      en: "A digest comes every morning, or at once for who asks.",
    },
  },
  {
    who: "coordinator",
    do: { look: true },
    tell: {
      zh: "要处理的在最前面:超期、督办、没派出去的。",
      en: "What needs action comes first: overdue, supervised, not assigned.",
    },
  },
  {
    who: "resident",
    do: { look: true },
    tell: {
      zh: "导览到此,小镇还在等您。现在用居民的手机,写一件您自己身边的事吧!",
      en: "That was the tour, and the town goes on. Now it is your turn: write here what troubles you where you live!",
    },
  },
];
