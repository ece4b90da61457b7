//! What shops write of, in both languages, so that a sentence and its translation can be laid side by side
//! without a model.

/// Words of one matter; those of letters stand for every word that begins so.
const CONCEPTS: [&[&str]; 74] = [
    &["普通", "标准", "standard", "ordinary", "regular"],
    &["加急", "特快", "次日达", "express delivery", "next-day", "urgent"],
    &["退货", "寄回", "return", "send back"],
    &["换货", "可换", "换同款", "换尺码", "exchang", "swap"],
    &["退款", "退回", "退还", "refund", "money back"],
    &["发货", "发出", "寄出", "dispatch", "leave", "ships", "sent out"],
    &[
        "送达", "送到", "签收", "收货", "到货", "deliver", "arriv", "receiv",
    ],
    &["质量", "破损", "坏", "故障", "fault", "damag", "broken", "defect"],
    &["无理由", "without a reason", "no reason", "any reason"],
    &["会员", "member"],
    &["木冠", "金卡", "crown", "gold"],
    &["木枝", "银卡", "branch", "silver"],
    &["生日", "birthday"],
    &["积分", "point"],
    &["评价", "review"],
    &["支付宝", "alipay"],
    &["微信", "wechat"],
    &["借记卡", "debit"],
    &["信用卡", "credit card"],
    &["花呗", "huabei"],
    &["paypal"],
    &["分期", "instal", "parts"],
    &["利息", "免息", "interest"],
    &["优惠券", "新人券", "coupon", "voucher", "discount code"],
    &["新人", "新顾客", "newcomer", "new customer"],
    &["发票", "专票", "invoice"],
    &["专用发票", "专票", "增值税", "vat"],
    &["偏远", "新疆", "西藏", "remote", "xinjiang", "tibet"],
    &["省份", "大部分地区", "province", "mainland"],
    &[
        "江苏",
        "浙江",
        "江浙沪",
        "上海",
        "jiangsu",
        "zhejiang",
        "shanghai",
    ],
    &["港澳台", "香港", "hong kong", "macau", "taiwan"],
    &["新加坡", "日本", "马来西亚", "singapore", "japan", "malaysia"],
    &[
        "英国",
        "欧盟",
        "美国",
        "加拿大",
        "uk",
        "eu",
        "canada",
        "australia",
    ],
    &["保修", "warrant", "guarantee"],
    &["维修", "修好", "送修", "repair"],
    &["快递", "courier", "carrier"],
    &["顺丰", "sf"],
    &["中通", "zto"],
    &["京东", "jd"],
    &["包邮", "免运费", "免费", "免收", "free"],
    &["运费", "邮费", "shipping", "postage", "freight"],
    &["运费险", "赔", "insurance"],
    &["付款", "支付", "pay", "paid"],
    &["关闭", "close"],
    &["取消", "cancel"],
    &["礼盒", "礼品", "包装", "gift", "wrap"],
    &["贺卡", "card of", "handwritten"],
    &["批量", "采购", "件起", "bulk", "pieces"],
    &["刻", "logo", "engrav", "custom"],
    &["报价", "quote"],
    &["转账", "transfer"],
    &["答复", "回复", "answer", "reply"],
    &["投诉", "complain"],
    &["解决", "solution", "resolv", "solve"],
    &["丢失", "丢件", "没有变化", "lost", "movement"],
    &["水壶", "厨房", "kettle", "kitchen"],
    &["帐篷", "tent"],
    &["行李箱", "拉杆", "luggage", "suitcase", "case wheel"],
    &["家具", "furniture"],
    &["电子", "耳机", "electronic", "headphone"],
    &["电话", "手机", "phone"],
    &["邮箱", "邮件", "mail"],
    &["展厅", "门店", "showroom", "store"],
    &["人工", "客服", "people", "agent", "staff"],
    &["有效", "valid", "expir"],
    &[
        "价保",
        "降价",
        "差价",
        "cheaper",
        "price protection",
        "difference",
    ],
    &["注销", "删除", "delet", "remov", "account"],
    &["冷静期", "cooling"],
    &["导出", "export"],
    &["密码", "锁定", "password", "locked"],
    &["大促", "双11", "618", "big sale", "sales"],
    &["预售", "定制", "pre-order"],
    &["验收", "仓库", "warehouse", "checks"],
    &["立案", "查询", "trace", "case with"],
];

/// The matters of a folded text, a bit each.
pub(super) fn concepts(folded: &str) -> u128 {
    let holds = |word: &&str| -> bool {
        let starts = |at: usize| {
            folded[..at]
                .chars()
                .next_back()
                .is_none_or(|c| !c.is_ascii_alphanumeric())
        };
        let latin = word.starts_with(|c: char| c.is_ascii_alphabetic());
        folded.match_indices(*word).any(|(at, _)| !latin || starts(at))
    };
    let bit = |(at, words): (usize, &&[&str])| u128::from(words.iter().any(holds)) << at;
    CONCEPTS.iter().enumerate().map(bit).fold(0, |all, one| all | one)
}

/// The share of matters that both speak of.
pub(super) fn likeness(one: u128, two: u128) -> f32 {
    let all = (one | two).count_ones();
    if all == 0 {
        0.0
    } else {
        (one & two).count_ones() as f32 / all as f32
    }
}
