"""Recognizes outros of videos, which speech models write in silence: "Thanks for watching!".

They are known by their words, in many languages: every word of an outro is one that outros have,
and among them is thanks for watching, or to subscribe to a channel, or to meet again in the next
video. "Thank you for watching the kids" has a word too many.
"""

# ruff: noqa: RUF001 - the real characters

from __future__ import annotations

import re
from dataclasses import dataclass

_MOST = 24  # words, or 60 characters where a script has no blanks between them
_STRIPPED = " .,;:!?…\"'()[]«»“”„¡¿،؟。！？、，～~।❤️🙏👍-–—"

# For each language: thanks | watching | video | subscribe | what goes with it | next | other words.
# A word that ends in "*" is the beginning of one.
_SPACED = """
thank thanks | watching viewing | video videos episode | subscribe subscribing | channel channels like bell forget thumbs | next | you many for so very much all everyone everybody guys friends and please don't not to my our the this your a on in of see i'll we'll hope enjoyed be sure make hit smash turn ring up down below leave time bye goodbye again soon by that if one comment share notification notifications button
dank danke | zuschauen zusehen zugeschaut zugesehen | video videos folge | abo abonnieren abonniert abonniere abonnement | kanal kanals like likes daumen glocke glöckchen vergesst vergiss vergessen kommentar kommentiert liked aktiviert | nächsten nächste nächstes | vielen herzlichen für fürs euch ihnen ihr das des dem den die der und bis zum beim im in wir sehen uns wieder mal tschüss ciao heute war's bitte nicht zu meinen unseren diesen diesem mein unser dieses nach oben hoch da lasst gerne einen eine ein wenn gefallen hat dran bleibt dass habt ihnen bitte heute noch ganz zugeschaut hinterlasst um nichts verpassen mehr kein
merci | regardé visionné suivi visionnage | vidéo vidéos épisode | abonner abonnez abonnez-vous abonnements | chaîne like likes pouce cloche commentaire commentaires oubliez n'oubliez partager partagez likez liker | prochaine prochain | d'avoir avoir de pour la cette ma notre nos et à au le un une vous à tous toutes beaucoup pas se retrouve on dans bientôt bleu sur activez activer d' l' si ça plu
gracias | ver verlo vernos mirar visto | vídeo video vídeos videos episodio capítulo | suscríbete suscribirte suscríbanse suscribiros suscribirse suscribíos suscribir | canal like likes campana campanita olvides olviden olvidéis | próximo próxima siguiente | por el este esta la nos vemos en hasta muchas y a todos todas no se mi nuestro un una tu dale al de os ha gustado si me gusta comentario comentarios comparte compartir activa activar comenta y
obrigado obrigada valeu | assistir assistirem assistido ver verem | vídeo vídeos episódio | inscreva inscreva-se inscrevam-se inscrever inscrevam subscreva subscrevam | canal like likes sininho sino esqueça esqueçam joinha | próximo próxima | por ter o este esse a muito e até no na se de um uma seu deixem deixe deixar não nos vemos vejo você vocês mais todos ao meu nosso que curtir curta compartilhe compartilhar comente ative ativar gosto
grazie | guardato visione seguito | video episodio puntata | iscriviti iscrivetevi iscrivervi iscriverti | canale like campanella dimenticate dimenticare dimenticatevi | prossimo prossima | per aver averci il la questo a tutti tutte e ci vediamo al nel alla nostro mio mille di un non vi è piaciuto se mi piace lasciate lascia condividete commento commentate attivate attiva
bedankt dank | kijken bekijken gekeken | video video's filmpje aflevering | abonneer abonneren abonneert | kanaal like duimpje bel belletje vergeet reactie | volgende | u je jullie voor het naar deze dit mijn onze ons op en tot in de te niet om wel hartelijk hartstikke allemaal keer zie een
dziękuję dziękuje dziękujemy dzięki | oglądanie oglądania obejrzenie | film filmu filmie filmik filmiku odcinek odcinku wideo | subskrybuj subskrybujcie zasubskrybuj zasubskrybujcie subskrybowanie subskrypcję subskrypcji subskrypcja | kanał kanału łapkę łapki łapka dzwoneczek zapomnij zapomnijcie lajka komentarz | następnym następnego kolejnym kolejnego | za i do zobaczenia w bardzo wam państwu wszystkim mój nasz mojego naszego na ten tego nie o zostawcie zostaw proszę cześć pa górę uwagę zapraszam tego i
děkuji děkujeme díky | sledování zhlédnutí shlédnutí | video videu videa videí | odebírejte odebírat odběr přihlaste odběru | kanál kanálu like lajk zvoneček zapomeňte komentář | příště příštím dalšího dalším příštího | za a u na se v vám všem moc tohoto náš můj k uvidíme nashledanou ahoj ne že pozornost
ďakujem ďakujeme | pozeranie pozretie sledovanie | video videu videa | odoberajte odber odoberať | kanál kanálu zabudnite | ďalšom ďalšieho | za a na pri vidíme sa vám všetkým tohto môj náš pozornosť
спасибо благодарю благодарим | просмотр смотрели смотрите | видео ролик видеоролика ролика выпуск выпуске | подписывайтесь подпишитесь подписаться подпишись подписывайся подписку | канал канала лайк лайки лайков колокольчик комментарий комментарии забудьте забывайте ставьте поставьте жмите | следующем следующих следующего следующей продолжение | за это этого вам всем большое что и на мой наш мою до встречи в с вами был была увидимся пока новых встреч не если понравилось поставить ставить нажимайте нашего нашем моего делитесь пишите серии части второй скорых внимание
дякую дякуємо | перегляд дивились дивилися | відео ролик ролику випуск випуску | підписуйтесь підпишіться підписатися підписуйтеся | канал каналу лайк лайки вподобайки забудьте забувайте ставте дзвіночок | наступному наступних наступного | за вам усім всім це цього що і та на мій наш нашого мого до зустрічі у в не побачимось бувайте увагу
благодаря благодарим | гледането гледахте гледате | видеото видео клип клипа | абонирайте абонирате абонирай | канала канал харесайте лайк забравяйте звънчето | следващия следващото следващ | ви за че се и до в път видеото не да нашия моя си вниманието това този
hvala | gledanju gledanje gledali gledate ogled gledanja | video videu klip videa | pretplatite pretplatiti naročite pretplati | kanal kanala lajk zaboravite zvono zvonce | sljedećem sljedećeg sledećem sledećeg naslednjem naslednjič | na što ste vam svima i u do se vidimo puno lepa za da ne naš moj ogledu ta ovaj pažnji pratite
хвала | гледању гледање гледали гледате | видео видеу клип | претплатите | канал канала лајк заборавите звоно | следећем следећег | на што сте вам свима и у до се видимо пуно за да не наш мој
tack | tittade tittat tittar tittarna tittandet | video videon videor videoklippet avsnitt filmen klippet | prenumerera prenumererar prenumerera | kanal kanalen gilla like glöm tumme klockan kommentera kommentar dela | nästa | för att du ni har så mycket på den här denna och inte min vår vi ses i alla hej då gång stort trycka
takk | ser sett så titten | video videoen videoer episode | abonner abonnere | kanal kanalen like glem liker tommel klokka kommentar | neste | for at du dere at alle tusen mye den denne og ikke å min vår vi ses sees i har gang hilsen ha det på husk oss dere til
tak | kiggede ser så set | video videoen videoer episode | abonner abonnere abonnér | kanal kanalen like glem tommel klokken kommentar | næste | fordi du i for at alle tusind mange den denne og ikke min vores vi ses på husk gang har hej til jer med
kiitos kiitoksia kiitti | katsoit katsoitte katsomisesta katsojat katsoitta katselusta | video videon videosta videossa videota jakso | tilaa tilata tilatkaa | kanava kanavan kanavaa tykkää tykätä muista muistakaa kommentoi peukku peukkua | seuraavassa seuraavaan seuraavalla | kun että ja tämän paljon kaikille nähdään ensi kerralla teille hei moikka myös
köszönöm köszönjük kösz | megnézted megnéztétek megnézte megnézték néztétek nézését nézted megtekintést | videót videóban videó videómat videóm rész | iratkozz iratkozzatok feliratkozni feliratkozás | csatornára csatornámra csatornánkra csatorna lájk lájkot lájkoljatok harang felejtsetek felejts kommentet | következő következőben | hogy a az és el fel ne szépen nagyon találkozunk viszlát sziasztok mindenkinek ezt is kérlek nektek ha tetszett figyelmet figyelmét
mulțumesc mulțumim multumesc | vizionare vizionarea vizionat | video videoclip videoclipul videoclipului clip clipul episod | abonați abonați-vă abonezi abonează-te aboneze abonăm | canal canalul like clopoțel uitați uita comentariu | următor următorul viitor următoarea | pentru vă că ați și la nu să pe de mult tuturor acest acestui ne vedem în meu nostru dați un data cu bine atenție
ευχαριστώ ευχαριστούμε | παρακολουθήσατε παρακολούθηση παρακολουθείτε | βίντεο επεισόδιο | εγγραφείτε εγγραφή | κανάλι like καμπανάκι ξεχάσετε ξεχάσατε | επόμενο επόμενη | που με μας για την το τη σας πολύ πάρα και στο μου μην να όλους τα λέμε σε φορά κάντε αυτό
teşekkür teşekkürler | izlediğiniz izleyen izlediğin izlemek izledikleri | video videoda videoyu videolarda videomuzu videomu bölümde | abone | kanala kanalıma kanalımıza kanalımı beğen beğenmeyi beğeni beğenmeyi unutmayın zil yorum takip like | sonraki gelecek | için ederim ederiz çok herkese bir görüşmek üzere hoşça kalın olmayı olun ve lütfen bu görüşürüz bizi de
شكرا شكراً شكر | المشاهدة للمشاهدة مشاهدة مشاهدتكم لمشاهدتكم | الفيديو فيديو الفيديوهات | اشترك اشتركوا الاشتراك بالاشتراك | القناة قناة قناتنا قناتي القناه لايك الجرس جرس التنبيهات التنبيه تنسوا تنسى إعجاب الإعجاب وفعل وفعلوا فعل | القادم المقبل القادمة | على لكم في ولا لا إلى اللقاء جزيلا لك هذا هذه على وتفعيل تفعيل زر جميعا حسن نلتقي مع السلامة و متابعتكم يوتيوب اليوتيوب
תודה | צפייה הצפייה שצפיתם שצפיתן שצפית צפיתם הצופים | בסרטון סרטון הסרטון וידאו בוידאו לסרטון | הירשמו להירשם תירשמו מנוי | לערוץ ערוץ הערוץ לייק פעמון תשכחו שלנו | הבא הבאים | על רבה לכם את זה ו אל ב נתראה להתראות עד הפעם שלי כולם הזה
ممنون متشکرم متشکریم ممنونیم ممنونم تشکر سپاس سپاسگزارم مرسی | تماشا تماشای تماشایتان | ویدیو ویدئو ویدیوی فیلم | سابسکرایب مشترک عضو | کانال لایک زنگوله فراموش | بعدی بعد | از با که شما این را کنید کردید تا خدانگهدار همه ما و برای نکنید شوید در لطفا لطفاً من
धन्यवाद शुक्रिया थैंक्यू | देखने देखा देखनेके | वीडियो विडियो | सब्सक्राइब | चैनल लाइक शेयर बेल भूलें कमेंट घंटी | अगले अगली | के लिए आपका आप सभी का को करें हमारे मेरे बहुत बहुत और मिलते हैं में यह इस न ना करना और की तब तक
ধন্যবাদ | দেখার দেখবার দেখা | ভিডিও ভিডিওটি ভিডিওতে | সাবস্ক্রাইব | চ্যানেলটি চ্যানেল লাইক শেয়ার বেল ভুলবেন | পরবর্তী পরের | জন্য আপনাকে আপনাদের সবাইকে করুন করতে না এবং আমাদের আমার অনেক এই
நன்றி | பார்த்ததற்கு கண்டதற்கு பார்த்தமைக்கு பார்வையிட்டதற்கு | வீடியோ காணொளி காணொளியை | சப்ஸ்கிரைப் | சேனலை சேனல் லைக் ஷேர் | அடுத்த | மிக்க உங்கள் இந்த செய்யுங்கள் செய்யவும் எங்கள் மற்றும் பண்ணுங்க
ధన్యవాదాలు | చూసినందుకు వీక్షించినందుకు | వీడియో వీడియోను | సబ్‌స్క్రైబ్ సబ్స్క్రైబ్ | ఛానెల్ ఛానల్ లైక్ షేర్ | తదుపరి | ఈ మా చేయండి మరియు చాలా
شکریہ | دیکھنے | ویڈیو | سبسکرائب | چینل لائک شیئر | اگلی | کے لیے لئے کا بہت آپ کو کریں ہمارے اور میں ملتے ہیں
cảm cám | xem dõi | video clip tập | đăng subscribe | kênh like chuông quên bỏ lỡ chia sẻ hấp dẫn | tiếp sau | ơn các bạn đã theo và hẹn gặp lại trong những cho để không của mình ký nhé nhớ mọi người rất nhiều lần này chúng tôi ủng hộ ở bấm nút đừng
terima terimakasih makasih | menonton nonton tonton menontonnya | video videonya | subscribe langganan berlangganan | channel saluran like lupa komen komentar share lonceng notifikasi | selanjutnya berikutnya seterusnya | kasih telah sudah kerana karena dan di jangan sampai jumpa untuk yang kalian semua ini lagi ya ke kami saya banyak jumpa tekan tombol atas
gràcies | mirar veure | vídeo vídeos | subscriu-te subscriviu-vos | canal campaneta like oblideu | proper vinent | per moltes i a tothom el aquest fins ens veiem al us de no
aitäh tänan täname | vaatamast vaatasite | video videos | tellige telli | kanal kanalit unustage | järgmises järgmine | et ja meie minu kohtumiseni teid ära
paldies | skatīšanos skatījāties | video | abonējiet | kanālu kanālam aizmirstiet | nākamajā | par un jums manam mūsu ka tiekamies
ačiū dėkoju | žiūrėjimą žiūrėjote | video vaizdo | prenumeruokite | kanalą pamirškite | kitame | už ir jums mano mūsų iki susitikimo įrašą kad
faleminderit | shikimin shikuat ndjekjen | video videon | abonohuni | kanalin kanal harroni | tjetër ardhshme | për që dhe në tonë të shumë
asante | kutazama kuangalia | video | jiandikishe subscribe | chaneli channel | ijayo | kwa sana na ya hii katika
"""  # noqa: E501 - a language is a line

# The same where words have no blanks between them; each field is an expression.
_JOINED = """
谢谢|感谢|多谢|謝謝|感謝|多謝 ; 观看|收看|观赏|觀看|觀賞 ; 视频|影片|節目|节目|影音 ; 订阅|訂閱|关注 ; 频道|頻道|点赞|按讚|點贊|按赞|转发|轉發|打赏|打賞|分享|铃铛|小鈴鐺|明镜|明鏡|点点|點點|留言|评论 ; 下期|下次|下集|下一期|下一集|下个|下個|下一个|下一個 ; 您的|你的|您|你|们|們|大家|各位|的|我们|我們|我|再见|再見|见|見|咱们|在|请|請|不吝|支持|栏目|欄目|与|與|和|并|並|记得|記得|别忘了|別忘了|欢迎|歡迎|需要|一下|开启|打开|给|給|本|这个|這個|期|里|裡|吧|哦|点击|聆听 ; 再见|再見|见|見
ありがとうございました|ありがとうございます|ありがとう ; ご視聴|視聴 ; 動画|ビデオ|映像 ; 登録 ; チャンネル|高評価 ; 次回|次の ; 最後まで|本当に|いただき|頂き|皆さん|どうも|で|の|を|に|も|と|は|ぜひ|お願いします|お願いいたします|お願い致します|お願いいたしまして|よろしく|宜しく|お会いしましょう|会いましょう|また|それでは|それじゃ|では|バイバイ|さようなら|この|今回|ください|して|押して|お楽しみに|いいね|コメント|通知|ベル|グッドボタン|ボタン|見てくれて|観てくれて|見ていただき|ご覧いただき|ご覧頂き|見て頂き ; 会い
감사합니다|감사드립니다|고맙습니다|고마워요 ; 시청해주셔서|시청해|시청 ; 영상|동영상|비디오 ; 구독 ; 채널|좋아요|알림|설정|댓글|공유 ; 다음 ; 과|와|은|는|을|를|도|에서|에|까지|꼭|많은|부탁드립니다|부탁드려요|부탁합니다|부탁해요|눌러|눌러주세요|주세요|만나요|뵙겠습니다|봬요|끝까지|오늘도|여러분|저희|제|안녕|안녕히|계세요|해|이번|봐주셔서|봐|주셔서 ; 만나|뵙|봬
ขอบคุณ|ขอบพระคุณ ; รับชม|ติดตามชม ; วิดีโอ|คลิป ; กดติดตาม|ซับสไครบ์|สมัครสมาชิก|ติดตาม ; ช่อง|กดไลค์|ไลค์|แชร์|กระดิ่ง|คอมเมนต์ ; หน้า|ต่อไป|ถัดไป ; ที่|สำหรับ|การ|ครับ|ค่ะ|คะ|นะ|ทุกคน|ทุกท่าน|มาก|และ|อย่าลืม|กด|ของเรา|ใหม่|พบกัน|แล้ว|เจอกัน|ใน|ด้วย|ฝาก|กัน|ของ|เรา|ผม ; พบกัน|เจอกัน
"""  # noqa: E501


_MEETING = frozenset(
    "hasta até retrouve vemos vejo vediamo zien zie tot zobaczenia uvidíme vidíme встречи "
    "увидимся зустрічі побачимось видимо vidimo ses sees nähdään találkozunk vedem λέμε görüşmek "
    "görüşürüz اللقاء نلتقي נתראה להתראות मिलते tiekamies gặp jumpa veiem tiekamės".split()
)
_POINTING = frozenset(  # at something else, where no video is named
    "this diesen diesem dieses cette este esta questo deze dit ten tohoto tohto этого это цього це "
    "ovaj ta denne den denna ezt acest acestui αυτό bu هذا هذه הזה את این را यह इस এই இந்த ఈ này "
    "ini aquest tämän".split()
)


_MEETING_BY_TWO = (
    frozenset(("see", "you")),
    frozenset(("bis", "zum")),
    frozenset(("sehen", "uns")),
)


def _meets(words: frozenset[str]) -> bool:
    return bool(words & _MEETING) or any(two <= words for two in _MEETING_BY_TWO)


@dataclass(frozen=True, slots=True)
class _Spaced:
    """The words of outros in one language."""

    every: frozenset[str]
    thanks: frozenset[str]
    watching: frozenset[str]
    video: frozenset[str]
    subscribe: frozenset[str]
    channel: frozenset[str]
    following: frozenset[str]

    def knows(self, text: str) -> bool:
        """Whether the text is an outro in this language."""
        words = frozenset(text.split())
        if not words <= self.every or (
            words & _POINTING and not words & (self.video | self.channel)
        ):
            return False
        return bool(
            (words & self.thanks and words & self.watching)
            or (words & self.subscribe and words & self.channel)
            or (words & self.following and words & self.video and _meets(words))
        )


@dataclass(frozen=True, slots=True)
class _Joined:
    """The same for a language that is written without spaces."""

    every: re.Pattern[str]
    thanks: re.Pattern[str]
    watching: re.Pattern[str]
    video: re.Pattern[str]
    subscribe: re.Pattern[str]
    channel: re.Pattern[str]
    following: re.Pattern[str]
    meeting: re.Pattern[str]

    def knows(self, text: str) -> bool:
        """Whether the text is an outro in this language."""
        if not self.every.fullmatch(text):
            return False
        return bool(
            (self.thanks.search(text) and self.watching.search(text))
            or (self.subscribe.search(text) and self.channel.search(text))
            or (
                self.following.search(text)
                and self.video.search(text)
                and self.meeting.search(text)
            )
        )


def _spaced(line: str) -> _Spaced:
    fields = [frozenset(field.split()) for field in line.split(" | ")]
    return _Spaced(frozenset[str]().union(*fields), *fields[:-1])


def _joined(line: str) -> _Joined:
    fields = line.split(" ; ")
    longest = sorted("|".join(fields).split("|"), key=len, reverse=True)
    # possessive: what stands there is divided in one way only
    every = re.compile(rf"(?:{'|'.join(map(re.escape, longest))}| )++")
    return _Joined(every, *map(re.compile, [*fields[:6], fields[7]]))


_LANGUAGES = (
    *map(_spaced, _SPACED.strip().splitlines()),
    *map(_joined, _JOINED.strip().splitlines()),
)


def is_outro(segment: str) -> bool:
    """Whether all of a segment is the outro of a video."""
    small = segment.casefold().replace("i\u0307", "i").replace("’", "'")
    words = [word for part in small.split() if (word := part.strip(_STRIPPED))]
    text = re.sub(r"[、，。！!,·・…]+", " ", " ".join(words)).replace("  ", " ").strip()
    if not words or len(words) > _MOST:
        return False
    return any(language.knows(text) for language in _LANGUAGES)
